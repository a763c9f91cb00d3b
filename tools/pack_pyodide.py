"""Archives for the browser: runs inside Pyodide, called by pack_pyodide.mjs."""

import gzip
import importlib._bootstrap_external as importing
import importlib.util
import io
import re
import zipfile

# What a page never needs: tests, headers, other back ends, other fonts. Left in, though
# they look superfluous: _cm_multivar and mplot3d, which Matplotlib imports by itself.
LEFT_OUT = re.compile(
    r"""
    (^|/)tests?/ | \.pyi$ | \.(a|h|pxd)$ | py\.typed$
    | ^numpy/(f2py|distutils|random/_examples)/
    | _tests\.cpython | _(umath|rational)_tests | _operand_flag | _struct_ufunc
    | ^mpl_toolkits/(axes_grid1|axisartist)/ | ^pylab\.py$
    | mpl-data/(sample_data|plot_directive|images)/ | mpl-data/fonts/(afm|pdfcorefonts)/
    | mpl-data/fonts/ttf/(DejaVuSerif|STIX.*(Bol|Ita)|DejaVuSansMono-)
    | ^matplotlib/backends/(
        backend_(gtk|qt|wx|tk|web|nb|macosx|cairo|pgf|pdf|ps)
        | qt_ | web_backend | _tk | _backend_(tk|gtk)
      )
    | ^matplotlib/(sphinxext|testing)/ | _qhull | stylelib/(?!classic)
    | dateutil/zoneinfo/.*\.tar\.gz$
    | ^PIL/(ImageTk|ImageQt) | ^PIL/_(imaging(tk|cms|ft|math|morph)|avif|webp)
    """,
    re.VERBOSE,
)
LICENCES = re.compile(r"\.dist-info/(METADATA|.*(LICEN[CS]E|COPYING|NOTICE).*)$", re.I)


def pack(archives, folder):
    """One archive of several, slimmed, with modules compiled as if in `folder`."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as new:
        for archive in archives:
            old = zipfile.ZipFile(io.BytesIO(archive.tobytes()))
            for name in sorted(old.namelist()):
                if name.endswith("/") or not wanted(name):
                    continue
                content = old.read(name)
                if name.endswith(".py"):
                    name, content = name + "c", compiled(folder + name, content)
                # Of no date, so that the archive is always the same.
                new.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 9)
    return packed.getvalue()


def wanted(name):
    if ".dist-info/" in name:
        return LICENCES.search(name)
    return not LEFT_OUT.search(name)


def compiled(path, source):
    """What Python would keep in __pycache__, without docstrings and assertions."""
    code = compile(source, path, "exec", dont_inherit=True, optimize=2)
    digest = importlib.util.source_hash(source)
    return bytes(importing._code_to_hash_pyc(code, digest, checked=False))


def gzipped(content):
    return gzip.compress(content.tobytes(), compresslevel=9, mtime=0)
