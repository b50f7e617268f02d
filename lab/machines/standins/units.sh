# shellcheck shell=bash
#
# What systemctl and unit-keeper, the stand-ins for systemd, both know of a unit. As in systemd, a unit is what it was when it
# was loaded or at the last daemon-reload; changing its file or masking it by hand does not change what runs.
#
# $LAB_MACHINE/systemd/<unit>/ holds
#   loaded   copy of the unit file; empty where the unit is masked
#   state    ActiveState=… and MainPID=…, replaced as a whole; absent: inactive
#   starts   seconds (since the epoch) of the starts that count for the start limit
#   keeper   process id of its unit-keeper, while there is one
#   lock     start, stop and restart of the unit take turns

units=${ROLLCALL_UNITS:?}
systemd=${LAB_MACHINE:?}/systemd

# The directives these stand-ins follow, or may leave out: every process of a lab machine runs as one user, and starts once it is executed.
known_directives=' Type User WorkingDirectory ExecStart Restart RestartSec SuccessExitStatus TimeoutStopSec LimitNOFILE Environment StartLimitIntervalSec StartLimitBurst '

is_masked() { [[ -L $units/$1 && $(readlink "$units/$1") == /dev/null ]]; }

# load UNIT: from its file, replacing what was loaded before.
load() {
  mkdir -p "$systemd/$1"
  if is_masked "$1"; then
    : >"$systemd/$1/loaded"
  elif [[ -f $units/$1 ]]; then
    cp "$units/$1" "$systemd/$1/loaded"
  else
    rm -f "$systemd/$1/loaded"
  fi
}

# settings UNIT KEY: every value, one a line.
settings() { sed -n "s/^$2=//p" "$systemd/$1/loaded"; }

# setting UNIT KEY DEFAULT: the value that counts, the last one.
setting() {
  local value
  value=$(settings "$1" "$2" | tail -n 1)
  printf '%s' "${value:-$3}"
}

# strange_line UNIT: the first line these stand-ins would not do justice to; fails where there is none.
strange_line() {
  local line section=
  while IFS= read -r line; do
    case $line in
      '' | '#'* | ';'*) continue ;;
      '['*']') section=$line && continue ;;
    esac
    [[ $section == '[Service]' || $line == StartLimit* ]] || continue
    if [[ $known_directives != *" ${line%%=*} "* || $line =~ [%\$\"\'\\] ]] ||
      [[ ${line%%=*} == *Sec && ! ${line#*=} =~ ^[0-9]+$ ]]; then
      printf '%s' "$line"
      return 0
    fi
  done <"$systemd/$1/loaded"
  return 1
}

# set_state UNIT ActiveState MainPID
set_state() {
  printf 'ActiveState=%s\nMainPID=%s\n' "$2" "$3" >"$systemd/$1/state.new" && mv -f "$systemd/$1/state.new" "$systemd/$1/state"
}

# may_start UNIT: counts a start; fails where there were too many of late (StartLimitBurst in StartLimitIntervalSec).
may_start() {
  local now interval burst moment recent=()
  now=$(date +%s)
  interval=$(setting "$1" StartLimitIntervalSec 10)
  burst=$(setting "$1" StartLimitBurst 5)
  while read -r moment; do
    ((now - moment >= interval)) || recent+=("$moment")
  done < <(cat "$systemd/$1/starts" 2>/dev/null)
  ((interval == 0 || ${#recent[@]} < burst)) || return 1
  printf '%s\n' "${recent[@]}" "$now" >"$systemd/$1/starts"
}

# has_keeper UNIT: whether its unit-keeper runs.
has_keeper() {
  local keeper
  read -r keeper 2>/dev/null <"$systemd/$1/keeper" && kill -0 "$keeper" 2>/dev/null
}
