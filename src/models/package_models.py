# SPDX-License-Identifier: Apache-2.0
"""Compiles the dbt project and packages what `bassline build` needs: manifest.json, seeds, and sources.json.

sources.json holds the checksum of every file the manifest was compiled from and the way to their folder, so that a
manifest older than its sources is noticed (src/models/packaged_models.hpp). No absolute path is packaged.

    python package_models.py --project dbt --out build/release/bassline-models
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

SOURCE_SUFFIXES = {".sql", ".yml", ".yaml", ".csv", ".md"}
GENERATED = {"target", "logs", "dbt_packages"}
# 92 % of the file, and of no use once the SQL is compiled.
STRIPPED = ("macros", "parent_map", "child_map", "disabled")


def source_checksums(project: Path) -> dict[str, str]:
    checksums = {}
    for path in sorted(project.rglob("*")):
        relative = path.relative_to(project)
        if relative.parts[0] in GENERATED or path.suffix not in SOURCE_SUFFIXES or not path.is_file():
            continue
        checksums[relative.as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return checksums


def compile_project(project: Path, folder: Path) -> dict:
    """Runs dbt in a folder of its own: nothing is written into the project."""
    dbt = Path(sys.executable).with_name("dbt")
    command = [
        str(dbt), "--quiet", "--no-send-anonymous-usage-stats", "compile",
        "--project-dir", str(project), "--profiles-dir", str(project), "--target", "embedded",
        "--target-path", str(folder / "target"), "--log-path", str(folder / "logs"),
    ]  # fmt: skip
    environment = os.environ | {"BASSLINE_DBT_DATABASE": str(folder / "bassline.duckdb")}
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        sys.exit(f"dbt compile failed in {project}:\n{run.stdout}{run.stderr}")
    return json.loads((folder / "target" / "manifest.json").read_text())


def strip(manifest: dict) -> dict:
    for key in STRIPPED:
        manifest[key] = {}
    manifest["metadata"]["env"] = {}
    for node in manifest["nodes"].values():
        if "root_path" in node:
            node["root_path"] = None
    return manifest


def write_whole(path: Path, text: str) -> None:
    staged = path.with_suffix(".staged")
    staged.write_text(text)
    staged.replace(path)


def write_sources(project: Path, out: Path, checksums: dict[str, str]) -> None:
    """The last file: with it the package is whole."""
    write_whole(out / "sources.json", json.dumps({"project": os.path.relpath(project, out), "files": checksums}, indent=1))


def compiled_before(project: Path, out: Path, checksums: dict[str, str]) -> dict | None:
    """The manifest of another preset's build, if this script made it of these sources with this dbt."""
    for written in sorted(out.parent.parent.glob(f"*/{out.name}/sources.json")):
        folder = written.parent
        sources = {"project": os.path.relpath(project, folder), "files": checksums}
        try:
            manifest = json.loads((folder / "manifest.json").read_text())
            if (
                folder != out
                and json.loads(written.read_text()) == sources
                and (folder / Path(__file__).name).read_bytes() == Path(__file__).read_bytes()
                and manifest["metadata"]["dbt_version"] == version("dbt-core")
            ):
                return manifest
        except (OSError, ValueError, KeyError, TypeError):  # half deleted, or damaged
            continue
    return None


def package(project: Path, out: Path) -> None:
    checksums = source_checksums(project)
    manifest = compiled_before(project, out, checksums)
    if manifest is None:
        with tempfile.TemporaryDirectory() as folder:
            manifest = strip(compile_project(project, Path(folder)))
    out.mkdir(parents=True, exist_ok=True)
    for node in manifest["nodes"].values():
        if node["resource_type"] == "seed":
            target = out / node["original_file_path"]
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(project / node["original_file_path"], target)
    if not (out / Path(__file__).name).exists() or not os.path.samefile(__file__, out / Path(__file__).name):
        shutil.copyfile(__file__, out / Path(__file__).name)
    write_whole(out / "manifest.json", json.dumps(manifest, sort_keys=False, separators=(",", ":")))
    write_sources(project, out, checksums)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--project", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    package(arguments.project.resolve(), arguments.out.resolve())


if __name__ == "__main__":
    main()
