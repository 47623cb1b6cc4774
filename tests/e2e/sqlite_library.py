"""SQLite's interface on a library that is opened by path: libSQL's or SQLCipher's, which Python's sqlite3 isn't linked with.

It shares no code with vecferry: ctypes on the library that scripts/setup made. Values come back as None, int, float, str and bytes;
a text that isn't UTF-8 as bytes of the class Text.

A file must not be open through two libraries in one process: closing one drops the locks of the other. So a connection is closed
before vecferry, which is another process, or Python's sqlite3 opens the file.
"""

import ctypes
import os
import pathlib

FOLDER = pathlib.Path(os.environ.get("VECFERRY_LIBRARY_DIR") or pathlib.Path(__file__).resolve().parents[2] / "build" / "deps" / "lib")
OK, ROW, DONE = 0, 100, 101
INTEGER, FLOAT, TEXT, BLOB, NULL = 1, 2, 3, 4, 5
TRANSIENT = ctypes.c_void_p(-1)


class Error(Exception):
    def __init__(self, message, code):
        super().__init__(message)
        self.code = code


class Text(bytes):
    """A text whose bytes aren't UTF-8."""


class Library:
    def __init__(self, name):
        self.path = FOLDER / f"lib{name}.so"
        mode = os.RTLD_LOCAL | os.RTLD_NOW
        self.lib = ctypes.CDLL(str(self.path), mode=mode)
        pointer, text, whole = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
        self._declare("open_v2", whole, text, ctypes.POINTER(pointer), whole, text)
        self._declare("close", whole, pointer)
        self._declare("errmsg", text, pointer)
        self._declare("prepare_v2", whole, pointer, text, whole, ctypes.POINTER(pointer), ctypes.POINTER(text))
        self._declare("step", whole, pointer)
        self._declare("finalize", whole, pointer)
        self._declare("column_count", whole, pointer)
        self._declare("column_type", whole, pointer, whole)
        self._declare("column_int64", ctypes.c_int64, pointer, whole)
        self._declare("column_double", ctypes.c_double, pointer, whole)
        self._declare("column_blob", pointer, pointer, whole)
        self._declare("column_text", pointer, pointer, whole)
        self._declare("column_bytes", whole, pointer, whole)
        self._declare("bind_null", whole, pointer, whole)
        self._declare("bind_int64", whole, pointer, whole, ctypes.c_int64)
        self._declare("bind_double", whole, pointer, whole, ctypes.c_double)
        self._declare("bind_text", whole, pointer, whole, text, whole, pointer)
        self._declare("bind_blob", whole, pointer, whole, text, whole, pointer)
        self._declare("enable_load_extension", whole, pointer, whole)
        self._declare("load_extension", whole, pointer, text, text, ctypes.POINTER(text))
        self._declare("libversion", text)

    def _declare(self, name, result, *arguments):
        function = getattr(self.lib, "sqlite3_" + name)
        function.restype, function.argtypes = result, arguments
        setattr(self, name, function)

    def open(self, path, key=None):
        return Connection(self, path, key)


class Connection:
    def __init__(self, library, path, key):
        self.library, self.db = library, ctypes.c_void_p()
        code = library.open_v2(os.fsencode(str(path)), ctypes.byref(self.db), 2 | 4, None)
        if code != OK:
            self._fail(code)
        if key is not None:
            self.execute("PRAGMA cipher_log_level = NONE")
            data = key if isinstance(key, bytes) else key.encode()
            function = library.lib.sqlite3_key
            function.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int)
            if function(self.db, data, len(data)) != OK:
                self._fail(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.db:
            code = self.library.close(self.db)
            assert code == OK, f"the connection couldn't be closed: {code}"
            self.db = None

    def load_extension(self, path):
        code, why = self.library.enable_load_extension(self.db, 1), ctypes.c_char_p()
        code = code or self.library.load_extension(self.db, os.fsencode(str(path)), None, ctypes.byref(why))
        if code != OK:
            raise Error((why.value or b"this library loads no extensions").decode(errors="replace"), code)

    def _fail(self, code):
        message = self.library.errmsg(self.db).decode(errors="replace") if self.db else "no memory"
        raise Error(message, code)

    def _bind(self, statement, number, value):
        lib = self.library
        if value is None:
            return lib.bind_null(statement, number)
        if isinstance(value, (bool, int)):
            return lib.bind_int64(statement, number, int(value))
        if isinstance(value, float):
            return lib.bind_double(statement, number, value)
        if isinstance(value, str):
            data = value.encode()
            return lib.bind_text(statement, number, data, len(data), TRANSIENT)
        return lib.bind_blob(statement, number, bytes(value), len(value), TRANSIENT)

    def _value(self, statement, column):
        lib = self.library
        kind = lib.column_type(statement, column)
        if kind == INTEGER:
            return lib.column_int64(statement, column)
        if kind == FLOAT:
            return lib.column_double(statement, column)
        if kind == NULL:
            return None
        pointer = (lib.column_text if kind == TEXT else lib.column_blob)(statement, column)
        data = ctypes.string_at(pointer, lib.column_bytes(statement, column)) if pointer else b""
        if kind == BLOB:
            return data
        try:
            return data.decode()
        except UnicodeDecodeError:
            return Text(data)

    def execute(self, sql, values=()):
        """Run one statement; all its rows as tuples."""
        lib, statement, rows = self.library, ctypes.c_void_p(), []
        code = lib.prepare_v2(self.db, sql.encode(), -1, ctypes.byref(statement), None)
        if code != OK:
            self._fail(code)
        try:
            for number, value in enumerate(values, 1):
                code = self._bind(statement, number, value)
                if code != OK:
                    self._fail(code)
            code = lib.step(statement)
            while code == ROW:
                rows.append(tuple(self._value(statement, column) for column in range(lib.column_count(statement))))
                code = lib.step(statement)
            if code != DONE:
                self._fail(code)
        finally:
            lib.finalize(statement)
        return rows

    def script(self, *statements):
        for statement in statements:
            self.execute(statement)
