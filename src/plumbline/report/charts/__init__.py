"""Charts as SVG, the same for pages and for print: marks carry a class, and a colour besides."""
