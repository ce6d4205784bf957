"""Input formats, one folder or file each. `registry.installed_readers` finds them."""
