"""The run page as it is: HTML, CSS and ES modules, served and exported unbuilt."""
