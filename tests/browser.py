"""Browser fixtures"""
