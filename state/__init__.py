"""What flows through the graph: run context, records, reducers and the schema."""
