# SPDX-License-Identifier: Apache-2.0
"""What an operator does with a data folder: verifies it, puts a backup back; P14 and P15."""
import shutil

from readers import open_reader
from roar import run


def test_check_finds_a_folder_well_and_names_damage(start, stream):
    roar = start()
    for number in range(40):
        roar.posted(stream, f"needle {number} " + "n" * 400)
    code, _, err = run("check", "--data", roar.data)
    assert code == 1 and "a server owns" in err
    roar.kill()
    code, out, err = run("check", "--data", roar.data)
    assert code == 0 and "well" in out and "40 events of 1 streams" in out, out + err
    log = roar.data / "roar.db"
    data = bytearray(log.read_bytes())
    data[data.find(b"needle 20 ")] ^= 0x01
    log.write_bytes(data)
    code, out, _ = run("check", "--data", roar.data)
    assert code == 1 and "damaged: roar.db: page" in out and "backup" in out


def test_check_where_there_is_nothing(tmp_path):
    code, out, err = run("check", "--data", tmp_path)
    assert code == 1 and out == "" and "roar.db" in err
    assert list(tmp_path.iterdir()) == []


def test_a_restored_backup_is_another_epoch(start, stream, tmp_path):
    """Who saw what the backup lacks starts anew, and is not given other comments under known positions."""
    roar = start()
    kept = roar.posted(stream, "in the backup")["comment"]
    assert roar.stop() == 0
    shutil.copytree(roar.data, tmp_path / "backup")
    roar.start()
    lost = roar.posted(stream, "not in the backup")
    assert roar.stop() == 0
    shutil.rmtree(roar.data)
    shutil.copytree(tmp_path / "backup", roar.data)
    code, out, err = run("check", "--new-epoch", "--data", roar.data)
    assert code == 0 and lost["epoch"] not in out, out + err
    roar.start()
    assert roar.history(stream) == [kept]
    with open_reader("sse", roar, stream, after=f"{lost['epoch']}.{lost['seq']}") as viewer:
        resync = viewer.find("resync")
        assert resync["why"] == "epoch" and resync["epoch"] != lost["epoch"]
    assert roar.posted(stream, "anew")["epoch"] == resync["epoch"]
