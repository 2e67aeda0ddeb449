#!/usr/bin/python3
"""Shows what was written to a terminal in VTE, the terminal of GNOME and Tails, and looks at the picture.

vte.py COLUMNS ROWS BORDER LAST FILE...

Each file holds bytes for a terminal of so many columns and rows. Printed is a line of JSON for each: the rows, of those from 0 up to
LAST, in whose column BORDER no line goes from top to bottom.
"""

import json
import sys

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
gi.require_version("Vte", "2.91")
from gi.repository import Gdk, GLib, Gtk, Pango, Vte  # noqa: E402


def wait(until):
    """Lets the toolkit work until something is so."""
    context = GLib.MainContext.default()
    # Something may be so without an event of its own.
    clock = GLib.timeout_add(10, lambda: True)
    while not until():
        context.iteration(True)
    GLib.source_remove(clock)


def shown(columns, rows, content):
    """The picture of a terminal, and the size of a character in it."""
    terminal = Vte.Terminal()
    terminal.set_font(Pango.FontDescription("DejaVu Sans Mono 10"))
    terminal.set_cursor_blink_mode(Vte.CursorBlinkMode.OFF)
    terminal.set_scrollback_lines(0)
    black, white = Gdk.RGBA(0, 0, 0, 1), Gdk.RGBA(1, 1, 1, 1)
    terminal.set_colors(black, white, [])
    style = terminal.get_style_context()
    edge = Gtk.StyleContext.get_padding(style, Gtk.StateFlags.NORMAL)
    size = (terminal.get_char_width(), terminal.get_char_height())
    terminal.set_size_request(
        columns * size[0] + edge.left + edge.right, rows * size[1] + edge.top + edge.bottom
    )
    window = Gtk.OffscreenWindow()
    window.add(terminal)
    window.show_all()
    wait(lambda: (terminal.get_column_count(), terminal.get_row_count()) == (columns, rows))
    # The title says that everything before it was taken.
    terminal.feed(content + b"\x1b]0;taken\x07")
    wait(lambda: terminal.get_window_title() == "taken")
    drawn = []
    window.connect("damage-event", lambda *_: drawn.append(True))
    terminal.queue_draw()
    wait(lambda: drawn)
    return window.get_pixbuf(), size, (edge.left, edge.top)


def broken(picture, size, offset, border, last):
    """The rows in which the border is not whole."""
    pixels, stride, channels = picture.get_pixels(), picture.get_rowstride(), picture.get_n_channels()
    (width, height), (left, top) = size, offset
    rows = []
    for row in range(last):
        columns = range(left + border * width, left + (border + 1) * width)
        lines = range(top + row * height, top + (row + 1) * height)
        # One column of pixels that is never the ground's.
        whole = any(all(pixels[y * stride + x * channels] < 230 for y in lines) for x in columns)
        if not whole:
            rows.append(row)
    return rows


def main():
    columns, rows, border, last = map(int, sys.argv[1:5])
    for name in sys.argv[5:]:
        with open(name, "rb") as file:
            picture, size, offset = shown(columns, rows, file.read())
        if len(sys.argv) == 6 and name.endswith(".show"):
            picture.savev(name + ".png", "png", [], [])
        print(json.dumps(broken(picture, size, offset, border, last)), flush=True)


main()
