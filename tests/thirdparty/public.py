"""Where the public test vectors lie: beside the project, not in it."""

from pathlib import Path

import pytest

VECTORS = Path(__file__).parents[3] / "shared" / "vectors"
needs_vectors = pytest.mark.skipif(
    not VECTORS.is_dir(), reason="the public vectors (../shared/vectors) are not beside the project"
)

#: The log of Tessera's own tests (transparency-dev/tessera, testdata/log, Apache-2.0), and its published keys.
TESSERA = VECTORS / "tessera-log"
TESSERA_VKEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
TESSERA_KEY = "PRIVATE+KEY+example.com/log/testdata+33d7b496+AeymY/SZAX0jZcJ8enZ5FY1Dz+wTML2yWSkK+9DSF3eg"
