"""Ways back to full resolution. [registry]"""
