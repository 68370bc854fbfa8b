"""The stand-in Todoist: API v1 as the real one speaks it, oddities included."""
