"""What LangGraph Studio and other servers open."""
