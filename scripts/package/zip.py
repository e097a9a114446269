"""Makes a zip file of a folder, with the same bytes each time: python3 zip.py FOLDER FILE"""

import os
import sys
import time
import zipfile
from pathlib import Path

folder, file = Path(sys.argv[1]), Path(sys.argv[2])
moment = time.gmtime(int(os.environ["SOURCE_DATE_EPOCH"]))[:6]
with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), moment)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = path.stat().st_mode << 16
        archive.writestr(entry, path.read_bytes())
print(file)
