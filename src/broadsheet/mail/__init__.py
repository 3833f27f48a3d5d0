"""Send this: by SMTP, or into a folder."""
