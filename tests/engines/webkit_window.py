"""A WebKitGTK window for WebKitWebDriver whose data outlives it, run by Debian's Python.

`webkit_window.py FOLDER WIDTH HEIGHT`. MiniBrowser, which the driver would start by itself, forgets everything when
automation ends.
"""

import sys
from pathlib import Path

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2  # noqa: E402


def context(folder: Path) -> WebKit2.WebContext:
    """Where pages keep their data: databases, workers, caches and cookies, all below `folder`."""
    data, cache = str(folder / "data"), str(folder / "cache")
    manager = WebKit2.WebsiteDataManager(base_data_directory=data, base_cache_directory=cache)
    jar = manager.get_cookie_manager()
    jar.set_persistent_storage(str(folder / "cookies.sqlite"), WebKit2.CookiePersistentStorage.SQLITE)
    made = WebKit2.WebContext(website_data_manager=manager)
    made.set_preferred_languages(["ja-JP"])
    made.set_automation_allowed(True)
    return made


def window(made: WebKit2.WebContext, width: int, height: int) -> WebKit2.WebView:
    """A window of that size; what its pages write to the console goes to standard output."""
    view = WebKit2.WebView(web_context=made, is_controlled_by_automation=True)
    view.get_settings().set_enable_write_console_messages_to_stdout(True)
    frame = Gtk.Window()
    frame.set_default_size(width, height)
    frame.add(view)
    frame.show_all()
    return view


def main(folder: Path, width: int, height: int) -> None:
    """Wait for the driver and do what it asks, until killed."""
    made = context(folder)

    def started(_context: WebKit2.WebContext, session: WebKit2.AutomationSession) -> None:
        info = WebKit2.ApplicationInfo()
        info.set_name("MiniBrowser")  # the name that the driver's client asks for
        info.set_version(*(getattr(WebKit2, f"{part}_VERSION") for part in ("MAJOR", "MINOR", "MICRO")))
        session.set_application_info(info)
        session.connect("create-web-view", lambda _session: window(made, width, height))

    made.connect("automation-started", started)
    Gtk.main()


main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
