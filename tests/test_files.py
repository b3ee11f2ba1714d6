"""Files are whole or not there, with the permissions that the user expects."""

import os
import signal
import stat
import subprocess
import sys

import pytest
import torch
from matplotlib.figure import Figure

from kanpde.errors import RunDirectoryError
from kanpde.ground._files import replacing, write
from kanpde.ground._runs import CHECKPOINT, holds_run, read_checkpoint, write_checkpoint
from kanpde.plot._save import _write as write_figure


def _text(folder):
    write(folder / "file", "grün\n")
    return (folder / "file").read_text(encoding="utf-8") == "grün\n"


def _bytes(folder):
    write(folder / "file", b"\x00\xff")
    return (folder / "file").read_bytes() == b"\x00\xff"


def _checkpoint(folder):
    write_checkpoint(folder, {"vector": torch.arange(3.0)})
    return torch.equal(read_checkpoint(folder)["vector"], torch.arange(3.0))


def _figure(folder):
    figure = Figure()
    figure.subplots().plot([0, 1])
    write_figure(figure, folder / "file", "png", 30)
    return (folder / "file").read_bytes()[1:4] == b"PNG"


KINDS = pytest.mark.parametrize(
    "put", [_text, _bytes, _checkpoint, _figure], ids=["text", "bytes", "checkpoint", "figure"]
)


@pytest.fixture
def umask():
    before = os.umask(0o027)
    yield 0o027
    os.umask(before)


@KINDS
def test_file_comes_back_and_is_alone_in_a_folder_that_was_made(put, tmp_path):
    assert put(tmp_path / "new" / "folder")
    assert len(list((tmp_path / "new" / "folder").iterdir())) == 1


@KINDS
def test_new_file_has_the_permissions_that_the_umask_leaves(put, umask, tmp_path):
    put(tmp_path)
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize("mode", [0o600, 0o444])
def test_replaced_file_keeps_its_permissions(mode, tmp_path):
    (tmp_path / "file").write_text("old")
    (tmp_path / "file").chmod(mode)
    assert _text(tmp_path)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode


@KINDS
def test_failed_writing_leaves_the_old_file_and_nothing_beside_it(put, tmp_path, monkeypatch):
    """The disk is full when the content is flushed."""
    name = CHECKPOINT if put is _checkpoint else "file"
    (tmp_path / name).write_text("old")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises((OSError, RunDirectoryError), match="No space left"):
        put(tmp_path)
    assert [(f.name, f.read_text()) for f in tmp_path.iterdir()] == [(name, "old")]


def test_interrupted_writing_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    write(tmp_path / "file", "old")

    def interrupted():
        with replacing(tmp_path / "file") as partial:
            partial.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [(f.name, f.read_text()) for f in tmp_path.iterdir()] == [("file", "old")]


def test_content_is_on_the_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    done = []
    sync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (done.append("sync"), sync(handle)))
    monkeypatch.setattr(os, "replace", lambda *pair: (done.append("name"), replace(*pair)))
    write(tmp_path / "file", "content")
    assert done == ["sync", "name"]


def test_killed_writing_leaves_the_old_file_and_the_next_run_tidies_up(tmp_path):
    write(tmp_path / CHECKPOINT, "old")
    code = (
        "import os, signal, sys, pathlib\n"
        "from kanpde.ground._files import replacing\n"
        "with replacing(pathlib.Path(sys.argv[1])) as partial:\n"
        "    partial.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path / CHECKPOINT], check=False)
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / CHECKPOINT).read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 2
    assert holds_run(tmp_path)
    assert [f.name for f in tmp_path.iterdir()] == [CHECKPOINT]
