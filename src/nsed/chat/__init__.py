"""What `ChatNSED` is made of: messages in, a run, messages out."""
