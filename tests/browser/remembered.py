"""`gunicorn tests.browser.remembered:app`: the site, whose fifty styles a browser asks for once, not with every page.

For tests that read page after page: what a page holds and looks like is the same.
"""

from wsgi import app

#: s; longer than any test, in which no style changes.
app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 3_600
