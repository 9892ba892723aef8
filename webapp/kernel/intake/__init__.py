"""The one door. Observations are recorded first and judged second; commands are decided under the lock.

Everything that changes the world comes through `service.receive`: phones, web forms, imports, demo stories.
"""
