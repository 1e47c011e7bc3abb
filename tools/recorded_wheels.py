# SPDX-License-Identifier: GPL-3.0-or-later
"""Checksums of wheels whose index could not be asked when the lock was made.

Source: public lock files of other projects, which pinned these very wheels after a download of
their own. A checksum stands here only where two projects, independent of each other, agree on it
(for torch 2.14.0 of linux-rocm: one project's lock file for all three, and beside it for Python
3.11 a report of the wheel that was used, for 3.12 another project's pinned inputs, for 3.13 the
manifest of an installer); with a wrong one pip would refuse the wheel, never install another.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Recorded:
    """The wheels of one build of a package, for the target that it makes of another one's lock."""

    base: str  # target whose lock has the same packages but for this one
    package: str
    version: str
    index: str  # where the build lives
    wheels: dict[str, tuple[str, str]]  # Python -> file name, sha256
    without: tuple[str, ...] = ()  # how the packages begin that the base alone needs
    apart: str = ""  # why its version is not the base's, where it is not


RECORDED = {
    # That of Python 3.11 is also the sum of the wheel that the tests run with.
    "linux-cpu": Recorded(
        base="linux-cuda",
        package="torch",
        version="2.13.0+cpu",
        index="https://download.pytorch.org/whl/cpu",
        wheels={
            "3.11": (
                "torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl",
                "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b",
            ),
            "3.13": (
                "torch-2.13.0+cpu-cp313-cp313-manylinux_2_28_x86_64.whl",
                "3fbf9c9d1f3c10c2d59d04aca426dee9ccc6ceb32d255c61e93acc3b4f75fae6",
            ),
            "3.14": (
                "torch-2.13.0+cpu-cp314-cp314-manylinux_2_28_x86_64.whl",
                "d20fa53ee744502fa4c69818a720b05ca0d37abd055d4f6e66cae155114bc691",
            ),
        },
        without=("cuda-", "nvidia-", "triton"),
    ),
    # Without triton-rocm, which only torch.compile needs: one source each for Python 3.11 and 3.13.
    "linux-rocm": Recorded(
        base="linux-cuda",
        package="torch",
        version="2.14.0+rocm7.2",
        index="https://download.pytorch.org/whl/rocm7.2",
        wheels={
            "3.11": (
                "torch-2.14.0+rocm7.2-cp311-cp311-manylinux_2_28_x86_64.whl",
                "95ff2c8cc86b5e950ca55b2e8272c60d70c138851869bcca5eee6a36710ef9e0",
            ),
            "3.12": (
                "torch-2.14.0+rocm7.2-cp312-cp312-manylinux_2_28_x86_64.whl",
                "d67b42e31284894d24c27bfc3fd787fbfc0bef1ea6bd906db7cfa7d53d1ffe84",
            ),
            "3.13": (
                "torch-2.14.0+rocm7.2-cp313-cp313-manylinux_2_28_x86_64.whl",
                "fa22a1a85f4f92c4fb49dc9b117b3eb32b8c684968508f585df042e7016eb97f",
            ),
        },
        without=("cuda-", "nvidia-", "triton"),
        apart="its index gives no checksums for the ROCm wheels of 2.13.0",
    ),
    "windows-cuda": Recorded(
        base="windows-cpu",
        package="torch",
        version="2.13.0+cu130",
        index="https://download.pytorch.org/whl/cu130",
        wheels={
            "3.11": (
                "torch-2.13.0+cu130-cp311-cp311-win_amd64.whl",
                "45e97bd9bc0416f4f4190b5098c55119a389fa5a7c8bbf2639f08f1d04e0a0dc",
            ),
            "3.13": (
                "torch-2.13.0+cu130-cp313-cp313-win_amd64.whl",
                "cf23236e9deed7d3510d14d9b9592d75d272ef7b35bbfee31a02bea339c73971",
            ),
            "3.14": (
                "torch-2.13.0+cu130-cp314-cp314-win_amd64.whl",
                "590b2a2b53ef295dcfcd703df17929bd579705bb0e42d9e43c462fe0f0b1e088",
            ),
        },
    ),
}
