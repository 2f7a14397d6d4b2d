"""Finds spam and boilerplate in scraped article text and takes it out, leaving every other byte as it was.

>>> import unspam
>>> detector = unspam.Detector()
>>> cleaned = detector.clean("Hujan deras mengguyur kota sejak pagi.\\n\\nsbobet88\\n")
>>> cleaned.text
'Hujan deras mengguyur kota sejak pagi.\\n'
>>> [(removal.text, removal.label) for removal in cleaned.removed]
[('\\nsbobet88\\n', 'spam/gambling')]
>>> cleaned.restore()
'Hujan deras mengguyur kota sejak pagi.\\n\\nsbobet88\\n'

Offsets are code points for ``str`` and bytes for ``bytes``. Nothing needs the network.
"""

from unspam._unspam import (
    LABELS,
    TEST_LINE,
    ArrowBatch,
    ArrowStream,
    Cleaned,
    Decision,
    Detector,
    Finding,
    ModelError,
    ProfileError,
    Removal,
    Report,
    RestoreError,
    SiteProfile,
    TrainError,
    UnspamError,
    __version__,
    restore,
    restore_batch,
    site_of,
)
from unspam.training import Calibration, Trainer, calibrate, evaluate

__all__ = [
    "LABELS",
    "TEST_LINE",
    "ArrowBatch",
    "ArrowStream",
    "Calibration",
    "Cleaned",
    "Decision",
    "Detector",
    "Finding",
    "ModelError",
    "ProfileError",
    "Removal",
    "Report",
    "RestoreError",
    "SiteProfile",
    "TrainError",
    "Trainer",
    "UnspamError",
    "__version__",
    "calibrate",
    "evaluate",
    "restore",
    "restore_batch",
    "site_of",
]
