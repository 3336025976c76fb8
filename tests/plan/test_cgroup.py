import pytest

from specdl.plan import machine
from specdl.plan.cgroup import limits

GIB = 1 << 30


def tree(root, files):
    """A file system of small files."""
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")
    return root


V2 = {
    "proc/self/cgroup": "0::/user.slice/job.scope",
    "sys/fs/cgroup/user.slice/job.scope/memory.max": "max",
    "sys/fs/cgroup/user.slice/memory.max": str(3 * GIB),
    "sys/fs/cgroup/user.slice/memory.current": str(2 * GIB),
    "sys/fs/cgroup/user.slice/memory.stat": f"anon 5\ninactive_file {GIB}\ntotal_inactive_file 7",
}


def test_the_limit_of_a_group_above(tmp_path):
    (group,) = limits(tree(tmp_path, V2))
    assert (group.name, group.limit) == ("/user.slice", 3 * GIB)


def test_files_that_can_be_dropped_are_not_in_use(tmp_path):
    (group,) = limits(tree(tmp_path, V2))
    assert group.used() == GIB


def test_every_limit_up_the_tree_own_first(tmp_path):
    files = V2 | {"sys/fs/cgroup/user.slice/job.scope/memory.max": GIB, "sys/fs/cgroup/memory.max": 8 * GIB}
    found = limits(tree(tmp_path, files))
    assert [(each.name, each.limit) for each in found] == [
        ("/user.slice/job.scope", GIB),
        ("/user.slice", 3 * GIB),
        ("/", 8 * GIB),
    ]


def test_version_1(tmp_path):
    files = {
        "proc/self/cgroup": "12:cpu,cpuacct:/a\n4:memory:/docker/abc\n1:name=systemd:/x\n0::/",
        "sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": GIB,
        "sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes": 300,
        "sys/fs/cgroup/memory/docker/abc/memory.stat": "inactive_file 7\ntotal_inactive_file 100",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": 2**63 - 4096,
        "sys/fs/cgroup/cpu/a/memory.limit_in_bytes": 1,
    }
    found = limits(tree(tmp_path, files))
    assert [(each.name, each.limit) for each in found] == [("/docker/abc", GIB), ("/", 2**63 - 4096)]
    assert found[0].used() == 200


def test_a_container_that_sees_its_group_as_the_root(tmp_path):
    files = {
        "proc/self/cgroup": "4:memory:/docker/abc\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": GIB,
    }
    assert [each.limit for each in limits(tree(tmp_path, files))] == [GIB]


def test_a_group_outside_of_the_view(tmp_path):
    files = {"proc/self/cgroup": "0::/../../elsewhere", "sys/fs/cgroup/memory.max": GIB}
    assert [each.folder for each in limits(tree(tmp_path, files))] == [tmp_path / "sys/fs/cgroup"]


@pytest.mark.parametrize("text", [None, "", "nonsense", "0", "0::", "4:memory", "\x00\xff:::"])
def test_no_groups(tmp_path, text):
    if text is not None:
        tree(tmp_path, {"proc/self/cgroup": text})
    assert limits(tmp_path) == []


def test_no_figure_for_what_is_in_use(tmp_path):
    files = {"proc/self/cgroup": "0::/", "sys/fs/cgroup/memory.max": GIB}
    (group,) = limits(tree(tmp_path, files))
    assert group.used() is None


def test_the_smallest_limit_counts_and_says_whose_it_is(tmp_path, monkeypatch):
    groups = limits(tree(tmp_path, V2))
    monkeypatch.setattr(machine.cgroup, "limits", lambda: groups)
    monkeypatch.setattr(machine, "physical", lambda: 8 * GIB)
    monkeypatch.setattr(machine, "meminfo", lambda key: 7 * GIB)
    assert machine.memory_limit() == machine.Limit(3 * GIB, "the cgroup `/user.slice` allows")
    assert machine.free_memory() == 2 * GIB
    monkeypatch.setattr(machine, "physical", lambda: GIB)
    monkeypatch.setattr(machine, "meminfo", lambda key: 1000)
    assert machine.memory_limit() == machine.Limit(GIB, "this machine has")
    assert machine.free_memory() == 1000


def test_a_machine_that_tells_nothing(monkeypatch):
    monkeypatch.setattr(machine.cgroup, "limits", list)
    monkeypatch.setattr(machine, "physical", lambda: None)
    monkeypatch.setattr(machine, "meminfo", lambda key: None)
    assert machine.memory_limit() is None
    assert machine.free_memory() is None
