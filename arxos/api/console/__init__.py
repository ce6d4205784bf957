"""The operators' pages: rendered here, readable without scripts, kept live by htmx; nothing comes from elsewhere."""
