#!/bin/bash
#
# Rollcall on a node: the body of the SSM document. Configures, stops and looks at the one Kafka node of this machine.
#
#   SSM_action   configure | stop | status | verify
#   SSM_payload  for configure: base64 of the gzipped text that shared/config/payload.ts describes; else empty
#   SSM_issued   when the command was sent, ms since the epoch; empty: now
#
# The last line of stdout is one JSON object, shaped as NodeAnswer in shared/lifecycle/sights.ts; everything else goes to
# stderr. The exit status is 0 exactly when "ok" is true.
#
#   configure  installs Java and Kafka where they are missing, waits for the node's address, mounts the data volume, writes the
#              node's files and unit, formats an empty disk, starts or restarts the unit where it has to, and returns once it
#              runs. With the same payload again it changes nothing. One that was sent before the newest that was taken up is
#              refused: a command that comes late, or twice, undoes nothing.
#   stop       is final: leaves a tombstone, masks the unit, stops it, confirms that no process runs.
#              No configure, however late, gets past a tombstone, and a reboot does not start a masked unit.
#   status     says what is; runs no JVM.
#   verify     asks Kafka's own tools for the state of the metadata quorum.
#
# All of it may be run twice, or by two agents at once: configure and stop take turns by a lock.
#
# Needs Linux, bash 4.2, GNU coreutils, util-linux, awk, grep, gzip, iproute2 and systemd. To install: dnf, tar, useradd, and
# the AWS CLI or curl. For a data volume: cmp and mkfs.xfs. Amazon Linux 2023 has them all.

set -u -o pipefail
umask 022
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

home=${ROLLCALL_HOME:-/var/lib/rollcall}
units=${ROLLCALL_UNITS:-/etc/systemd/system}
fstab=${ROLLCALL_FSTAB:-/etc/fstab}
image_kafka=${KAFKA_HOME:-/opt/kafka}
# Seconds. The unit's controlled shutdown may hold the lock for its TimeoutStopSec.
address_wait=${ROLLCALL_ADDRESS_WAIT:-60}
lock_wait=${ROLLCALL_LOCK_WAIT:-360}
settle_wait=${ROLLCALL_SETTLE_WAIT:-3}
tool_wait=${ROLLCALL_TOOL_WAIT:-20}
install_wait=${ROLLCALL_INSTALL_WAIT:-300}
format_wait=60

action=${SSM_action:-}
issued=${SSM_issued:-}
kafka_user=kafka
default_unit=rollcall-kafka.service
# What Kafka 4 asks for at least, and what is installed where there is less.
oldest_java=17
java_package='java-21-amazon-corretto-headless'

# The answer goes to descriptor 3; whatever else is printed goes to stderr.
exec 3>&1 1>&2
answered=

# ---- answers ----------------------------------------------------------------------------------------------------------

# A JSON string of printable ASCII: anything else becomes a blank.
json() {
  local text=${1//[^ -~]/ }
  text=${text//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

# answer true|false [member…]; each member is a whole `"name":value`.
answer() {
  local line member
  line="{\"ok\":$1,\"action\":$(json "$action")"
  shift
  for member in "$@"; do line+=",$member"; done
  answered=yes
  printf '%s}\n' "$line" >&3
}

# Ends the script with the words for what is wrong and what to do.
fail() {
  printf 'rollcall: %s\n' "$1" >&2
  local members=("\"error\":$(json "$1")")
  shift
  answer false "${members[@]}" "$@"
  exit 1
}

on_exit() {
  local status=$?
  [[ -n $answered ]] || answer false "\"error\":$(json "the script ended early, with status $status")"
}
trap on_exit EXIT
trap 'fail "ended by a signal before it was done"' HUP INT TERM

# ---- where things are -------------------------------------------------------------------------------------------------

# These end up in a unit file, which gives blanks, %, $ and quotes a meaning, and in a class path, which splits at colons.
path_pattern='^/[A-Za-z0-9._/+=,-]+$'
for setting in ROLLCALL_HOME="$home" ROLLCALL_UNITS="$units" ROLLCALL_FSTAB="$fstab" KAFKA_HOME="$image_kafka"; do
  [[ ${setting#*=} =~ $path_pattern ]] ||
    fail "${setting%%=*} must be an absolute path of letters, digits and ._/+=,- only; it is '${setting#*=}'"
done
for setting in ROLLCALL_ADDRESS_WAIT="$address_wait" ROLLCALL_LOCK_WAIT="$lock_wait" \
  ROLLCALL_SETTLE_WAIT="$settle_wait" ROLLCALL_TOOL_WAIT="$tool_wait" ROLLCALL_INSTALL_WAIT="$install_wait"; do
  [[ ${setting#*=} =~ ^[0-9]{1,4}$ ]] || fail "${setting%%=*} must be a number of seconds; it is '${setting#*=}'"
done

# What the script itself remembers. No file of a payload gets in here: their paths have no leading dots.
state=$home/.rollcall
tombstone=$state/tombstone
data=$home/data
meta=$data/meta.properties
# The Kafka this node was last configured to run, or the one that would be.
kafka=$image_kafka
[[ ! -r $state/kafka ]] || read -r kafka <"$state/kafka"

# find_processes goes by working directories: this process must not be in the way.
cd / || fail "cannot change to the root directory"

# ---- the unit ---------------------------------------------------------------------------------------------------------

# Neither the lock nor the answer's pipe may live on in what systemctl starts.
unit_control() { systemctl "$@" 3>&- 9>&-; }

# The unit that was last configured here, or the one that would be.
unit_name() {
  local name=
  [[ ! -r $state/unit ]] || read -r name <"$state/unit"
  printf '%s' "${name:-$default_unit}"
}

# Sets unit_state (active, activating, deactivating, inactive, failed, masked, absent; unknown where systemctl does not
# answer) and unit_running, which says whether a process of it runs now: a unit between two automatic restarts is
# activating without one.
look_at_unit() {
  local key value load='' active='' main=0
  while IFS='=' read -r key value; do
    case $key in
      LoadState) load=$value ;;
      ActiveState) active=$value ;;
      MainPID) main=$value ;;
    esac
  done < <(unit_control show -p LoadState -p ActiveState -p MainPID "$1" 2>/dev/null)
  unit_running=
  [[ ! $main =~ ^[1-9][0-9]*$ ]] || unit_running=yes
  unit_state=${active:-unknown}
  case $active/$load in
    inactive/not-found) unit_state=absent ;;
    inactive/masked | failed/masked) unit_state=masked ;;
  esac
}

# Process ids of Kafka servers that run in this home, whoever started them, separated by blanks.
find_processes() {
  local link pid command found=''
  for link in /proc/[0-9]*/cwd; do
    [[ $link -ef $home ]] || continue
    pid=${link#/proc/}
    pid=${pid%/cwd}
    command=$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") || continue
    [[ $command != *' kafka.Kafka '* ]] || found+="${found:+ }$pid"
  done
  printf '%s' "$found"
}

# Whether nothing of the unit runs or will, by systemd's word and by the processes' own. Sets left to those that do.
has_stopped() {
  look_at_unit "$1"
  left=$(find_processes)
  [[ -z $unit_running && -z $left && $unit_state =~ ^(inactive|failed|masked|absent)$ ]]
}

# ---- state ------------------------------------------------------------------------------------------------------------

# Replaces a file as a whole: write_file MODE PATH <content
write_file() {
  local new=$2.rollcall-new
  cat >"$new" && chmod "$1" "$new" && mv -fT "$new" "$2"
}

make_home() {
  mkdir -p "$home" "$state" || fail "cannot make $state: is the disk full or read-only?"
}

take_lock() {
  exec 9>"$state/lock" || fail "cannot open the lock $state/lock"
  flock -w "$lock_wait" 9 || fail "another configure or stop has held the lock for $lock_wait s"
}

refuse_tombstone() {
  local why=
  [[ -e $tombstone ]] || return 0
  read -r why <"$tombstone"
  look_at_unit "$(unit_name)"
  fail "this node was stopped for good ($why): its id may belong to another by now. Launch a new instance" \
    '"tombstone":true' "\"unit\":$(json "$unit_state")"
}

# Under the lock. Orders are told apart by when they were sent, for they may come in any order.
take_up_order() {
  local newest=
  [[ -n $issued ]] || return 0
  [[ $issued =~ ^[0-9]{1,15}$ ]] || fail "SSM_issued must be milliseconds since the epoch; it is '${issued:0:40}'"
  [[ ! -r $state/issued ]] || read -r newest <"$state/issued"
  ((issued >= ${newest:-0})) || fail "a newer configuration was taken up already: this one came late"
  [[ $issued == "$newest" ]] || printf '%s\n' "$issued" | write_file 0644 "$state/issued" || fail "cannot write $state/issued"
}

configured_digest() {
  local digest=
  [[ ! -r $state/digest ]] || read -r digest <"$state/digest"
  printf '%s' "$digest"
}

# One value of a Java properties file that Rollcall or Kafka wrote: plain keys, nothing continued.
property() {
  local line
  while IFS= read -r line; do
    [[ $line != "$1="* ]] || { printf '%s' "${line#*=}"; return; }
  done <"$2"
}

# ---- payload ----------------------------------------------------------------------------------------------------------

file_modes=()
file_paths=()
file_contents=()

# Reads and checks the whole payload before anything is changed.
read_payload() {
  local text line key value count=0 seen=' '
  digest='' role='' id='' cluster_id='' address='' format='' unit='' unit_content='' directory_id='' voters=''
  kafka_version='' kafka_sha512='' archive_url='' volume=''
  [[ -n ${SSM_payload:-} ]] || fail "configure needs a payload, and there is none"
  text=$(printf '%s' "$SSM_payload" | base64 -d 2>/dev/null | gzip -dc 2>/dev/null) ||
    fail "the payload is not whole: base64 or gzip does not take it"
  while IFS= read -r line; do
    count=$((count + 1))
    if ((count == 1)); then
      [[ $line == 'rollcall 1' ]] || fail "the payload is of a version this script does not know: '${line:0:40}'"
      continue
    fi
    key=${line%% *}
    value=${line#* }
    if [[ $key != file ]]; then
      [[ $seen != *" $key "* ]] || fail "the payload has several $key lines"
      seen+="$key "
    fi
    case $key in
      digest)
        [[ $value =~ ^[0-9a-f]{64}$ ]] || fail "the payload's digest is no sha256"
        digest=$value
        ;;
      role)
        [[ $value == controller || $value == broker ]] || fail "the payload's role is neither controller nor broker"
        role=$value
        ;;
      id)
        [[ $value =~ ^(0|[1-9][0-9]{0,8})$ ]] || fail "the payload's node id is no number"
        id=$value
        ;;
      cluster-id)
        [[ $value =~ ^[A-Za-z0-9_-]{22}$ ]] || fail "the payload's cluster id is no Kafka uuid"
        cluster_id=$value
        ;;
      address)
        [[ $value =~ ^[0-9]{1,3}(\.[0-9]{1,3}){3}$ ]] || fail "the payload's address is no IPv4 address"
        address=$value
        ;;
      kafka)
        [[ $value =~ ^([0-9]+\.[0-9]+\.[0-9]+)\ ([0-9a-f]{128})$ ]] || fail "the payload's kafka line is malformed"
        kafka_version=${BASH_REMATCH[1]}
        kafka_sha512=${BASH_REMATCH[2]}
        ;;
      archive)
        [[ $value =~ ^(s3://[a-z0-9.-]+|https://[A-Za-z0-9.:-]+)(/[A-Za-z0-9._~+=@-]+)+$ ]] ||
          fail "the payload's archive is neither s3:// nor https://"
        archive_url=$value
        ;;
      volume)
        [[ $value == xfs ]] || fail "the payload's volume is of a kind this script does not know: '${value:0:40}'"
        volume=$value
        ;;
      format) read_format "$value" ;;
      file) read_file_line "$value" ;;
      unit)
        [[ $value =~ ^([a-z][a-z0-9-]*\.service)\ ([A-Za-z0-9+/=]+)$ ]] || fail "the payload's unit line is malformed"
        unit=${BASH_REMATCH[1]}
        unit_content=$(decode "${BASH_REMATCH[2]}") || fail "the payload's unit is not base64"
        ;;
      *) fail "the payload has a line this script does not know: '${line:0:40}'" ;;
    esac
  done <<<"$text"
  for key in digest role id cluster-id address format unit; do
    [[ $seen == *" $key "* ]] || fail "the payload has no $key line"
  done
  [[ -n $kafka_version && -n $archive_url || -z $kafka_version$archive_url ]] ||
    fail "the payload names a Kafka without its archive, or the other way round"
  [[ " ${file_paths[*]-} " == *' config/server.properties '* ]] || fail "the payload has no config/server.properties"
  if [[ $format == founder ]]; then
    [[ $role == controller ]] || fail "the payload has a broker found the quorum"
    [[ ",$voters," == *",$id@"*":$directory_id,"* ]] || fail "the payload's founder $id is not among its voters"
  fi
}

read_format() {
  local voter='[0-9]+@[A-Za-z0-9.-]+:[0-9]+:[A-Za-z0-9_-]{22}'
  if [[ $1 == join ]]; then
    format='join'
  elif [[ $1 =~ ^founder\ ([A-Za-z0-9_-]{22})\ ($voter(,$voter)*)$ ]]; then
    format='founder'
    directory_id=${BASH_REMATCH[1]}
    voters=${BASH_REMATCH[2]}
  else
    fail "the payload's format line is malformed"
  fi
}

read_file_line() {
  local name='[A-Za-z0-9][A-Za-z0-9._-]*'
  [[ $1 =~ ^(0[0-7]{3})\ ($name(/$name)*)\ ([A-Za-z0-9+/=]*)$ ]] || fail "the payload has a malformed file line: '${1:0:60}'"
  local mode=${BASH_REMATCH[1]} path=${BASH_REMATCH[2]} content=${BASH_REMATCH[4]}
  case $path in
    data | data/* | logs | logs/*) fail "the payload's file $path is in a directory that is Kafka's" ;;
  esac
  decode "$content" >/dev/null || fail "the payload's file $path is not base64"
  file_modes+=("$mode")
  file_paths+=("$path")
  file_contents+=("$content")
}

decode() { printf '%s' "$1" | base64 -d 2>/dev/null; }

# ---- Java and Kafka, where they are missing ---------------------------------------------------------------------------

# Only where the payload says what Kafka the node is to run and where it comes from; sets kafka to where that is. The image's
# own is good where it is of that version; any other goes beside it, in a directory named by its checksum, so that a running
# Kafka keeps its files, and a directory of that name is always whole.
equip() {
  local in_use=$kafka
  kafka=$image_kafka
  [[ -n $kafka_version ]] || return 0
  [[ -e $image_kafka/libs/kafka-clients-$kafka_version.jar ]] || kafka=$image_kafka-${kafka_sha512:0:16}
  if has_java && has_kafka && has_user; then return; fi
  # A lock of its own, so that a stop need not wait for a download. What is started here inherits it: should this script be
  # killed meanwhile, nobody goes on before that has ended.
  exec 8>"$state/install-lock" || fail "cannot open the lock $state/install-lock"
  flock -w "$install_wait" 8 || fail "another configure has been installing for $install_wait s"
  install_deadline=$((SECONDS + install_wait))
  has_java || install_java
  has_kafka || install_kafka "$in_use"
  has_user || attempt "adding the user $kafka_user" \
    useradd --system --no-create-home --home-dir "$home" --shell /sbin/nologin "$kafka_user"
  exec 8>&-
}

# attempt WHAT COMMAND [argument…]: within the time there is for installing.
attempt() {
  local what=$1 left=$((install_deadline - SECONDS)) output status
  shift
  output=$(timeout -k 5 $((left > 1 ? left : 1)) "$@" 2>&1 3>&- </dev/null)
  status=$?
  ((status != 124 && status != 137)) || fail "$what was not done within the $install_wait s there are for installing"
  ((status == 0)) || fail "$what failed: $(last_words "$output")"
}

# A Java that does not say its version is taken for new enough.
has_java() {
  local java release version
  java=$(command -v java) || return 1
  release=$(readlink -f "$java")
  release=${release%/bin/java}/release
  [[ -r $release ]] || return 0
  version=$(property JAVA_VERSION "$release")
  [[ ! $version =~ ^\"([0-9]+) ]] || ((BASH_REMATCH[1] >= oldest_java))
}

install_java() {
  command -v dnf >/dev/null ||
    fail "there is no Java $oldest_java or later here, and no dnf to install it: use Amazon Linux 2023, or an image that has Java"
  attempt "installing $java_package" dnf -y -q install "$java_package"
  hash -r
  has_java || fail "$java_package was installed, but the java on the PATH is still older than $oldest_java"
}

has_kafka() {
  local jars=("$kafka"/libs/*.jar)
  [[ -e ${jars[0]} ]]
}

# install_kafka DIRECTORY: what is there is in use, and stays.
install_kafka() {
  local part=$kafka.part fetch old jars
  for old in "$image_kafka"-*; do
    # Another configure may be about to start what was unpacked just now.
    [[ $old =~ -[0-9a-f]{16}(\.part)?$ && $old != "$1" && -n $(find "$old" -maxdepth 0 -mmin +60) ]] || continue
    rm -rf "$old"
  done
  case $archive_url in
    s3://*)
      command -v aws >/dev/null || fail "there is no aws on this machine's PATH to fetch $archive_url with"
      fetch=(aws s3 cp --only-show-errors "$archive_url" "$part/archive")
      ;;
    *)
      command -v curl >/dev/null || fail "there is no curl on this machine's PATH to fetch $archive_url with"
      fetch=(curl -fsSL --proto '=https' --retry 3 --connect-timeout 10 -o "$part/archive" "$archive_url")
      ;;
  esac
  rm -rf "$part"
  mkdir -p "$part/kafka" || fail "cannot make $part: is the disk full or read-only?"
  attempt "fetching $archive_url" "${fetch[@]}"
  [[ $(sha512sum <"$part/archive") == "$kafka_sha512 "* ]] ||
    fail "$archive_url is not the archive that was meant: its SHA-512 is not the one expected"
  attempt "unpacking $archive_url" tar -xzf "$part/archive" -C "$part/kafka" --strip-components=1 --no-same-owner
  jars=("$part"/kafka/libs/*.jar)
  [[ -e ${jars[0]} ]] || fail "$archive_url is no Kafka: there are no jars in its libs"
  # Once it has its name, it is on the disk.
  sync -f "$part/kafka" || fail "cannot sync $part/kafka to disk"
  mv -T "$part/kafka" "$kafka" || fail "cannot move $part/kafka to $kafka"
  rm -rf "$part"
}

# A node whose disk was formatted before there was a user goes on without.
has_user() { ! is_root || id -u "$kafka_user" >/dev/null 2>&1 || [[ -e $state/formatted ]]; }

is_root() { [[ $(id -u) == 0 ]]; }

# ---- the data volume --------------------------------------------------------------------------------------------------

volume_label=rollcall

# Mounts the machine's volume for the data, for good, and makes a filesystem on a new one.
mount_volume() {
  local disk='' new='' uuid output
  [[ -n $volume ]] || return 0
  ! mountpoint -q "$data" || return 0
  # Data that is there already is not hidden under an empty volume.
  [[ ! -e $meta ]] || return 0
  find_volume
  if [[ -n $new ]]; then
    # Without -f, it refuses a disk on which it knows anything.
    output=$(timeout -k 5 60 mkfs.xfs -q -L "$volume_label" "$disk" 2>&1 3>&-) ||
      fail "making a filesystem on $disk failed: $(last_words "$output")"
  fi
  uuid=$(blkid -p -o value -s UUID "$disk")
  [[ $uuid =~ ^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$ ]] || fail "the filesystem on $disk has no UUID"
  mkdir -p "$data" || fail "cannot make $data: is the disk full or read-only?"
  # The machine boots without the volume too; the unit does not start without it (RequiresMountsFor).
  { awk -v at="$data" '$2 != at' "$fstab" && printf 'UUID=%s %s xfs noatime,nofail 0 2\n' "$uuid" "$data"; } |
    write_file 0644 "$fstab" || fail "cannot write $fstab"
  output=$(timeout -k 5 60 mount "$data" 2>&1 3>&-) || fail "mounting $disk on $data failed: $(last_words "$output")"
}

# Sets disk to the one EBS disk that has this script's label, or else to the one with nothing on it at all, and then new. The
# instance's own disks, those with partitions, and those with anything else on them are somebody else's.
find_volume() {
  local line parents=' ' disks=() about others='' labelled=() blank=()
  local row='^NAME="([^"]+)" TYPE="disk" MODEL="([^"]*)" PKNAME="" MOUNTPOINT=""$'
  while IFS= read -r line; do
    [[ ! $line =~ PKNAME=\"([^\"]+)\" ]] || parents+="${BASH_REMATCH[1]} "
    # udev may have made underscores of a model's blanks. Before Nitro, EBS disks had no model, but names of their own.
    [[ $line =~ $row ]] || continue
    [[ ${BASH_REMATCH[2]//_/ } == 'Amazon Elastic Block Store'* || ${BASH_REMATCH[1]} == /dev/xvd* ]] || continue
    disks+=("${BASH_REMATCH[1]}")
  done < <(lsblk -P -p -o NAME,TYPE,MODEL,PKNAME,MOUNTPOINT)
  for disk in ${disks[@]+"${disks[@]}"}; do
    [[ $parents != *" $disk "* ]] || continue
    about=$(blkid -p -o export "$disk")
    # 2: it knows nothing of what is there. A new EBS volume is all zeros.
    if (($? == 2)) && cmp -s -n 1048576 "$disk" /dev/zero; then
      blank+=("$disk")
    elif [[ $'\n'$about$'\n' == *$'\nLABEL='$volume_label$'\n'* && $'\n'$about$'\n' == *$'\nTYPE=xfs\n'* ]]; then
      labelled+=("$disk")
    else
      others+=", $disk has something on it"
    fi
  done
  if ((${#labelled[@]} == 1)); then
    disk=${labelled[0]}
  elif ((${#labelled[@]} == 0 && ${#blank[@]} == 1)); then
    disk=${blank[0]}
    new=yes
  else
    fail "this machine must have one EBS volume for its data, with nothing on it; it has ${#blank[@]} such${others}"
  fi
}

# ---- configure --------------------------------------------------------------------------------------------------------

wait_for_address() {
  local deadline=$((SECONDS + address_wait)) present
  while :; do
    present=$(ip -4 -o addr | awk '{ for (i = 1; i < NF; i++) if ($i == "inet") { split($(i + 1), a, "/"); print a[1] } }')
    [[ $'\n'$present$'\n' != *$'\n'"$address"$'\n'* ]] || return 0
    ((SECONDS < deadline)) ||
      fail "address $address did not appear on this machine within $address_wait s; it has ${present//$'\n'/, }"
    refuse_tombstone
    sleep 0.5
  done
}

# A disk that was formatted for another node or cluster is not touched.
check_disk() {
  [[ -e $meta ]] || return 0
  local found
  found=$(property cluster.id "$meta")
  [[ $found == "$cluster_id" ]] ||
    fail "the disk belongs to cluster '$found', not to $cluster_id: $data is left as it is. Launch an instance with an empty disk"
  found=$(property node.id "$meta")
  [[ $found == "$id" ]] ||
    fail "the disk belongs to node '$found', not to $id: $data is left as it is. Launch an instance with an empty disk"
  [[ $format == founder ]] || return 0
  found=$(property directory.id "$meta")
  [[ $found == "$directory_id" ]] ||
    fail "the disk was formatted as directory '$found', but founder $id is to be $directory_id: the quorum is not founded a second time"
}

# Brings files and unit to what the payload says; sets changed where anything was different.
write_configuration() {
  local i path previous='' content
  changed=
  for i in "${!file_paths[@]}"; do
    path=$home/${file_paths[i]}
    [[ -f $path && $(stat -c %04a "$path") == "${file_modes[i]}" &&
      $(base64 -w 0 "$path") == "${file_contents[i]}" ]] || changed=yes
  done
  content=$(unit_for_this_machine)
  [[ -f $units/$unit && $(<"$units/$unit") == "$content" ]] || changed=yes
  [[ $(configured_digest) == "$digest" ]] || changed=yes
  [[ -n $changed ]] || return 0

  # From here until it is done, the node counts as not configured.
  rm -f "$state/digest" || fail "cannot write in $state"
  [[ ! -r $state/files ]] || previous=$(<"$state/files")
  { printf '%s\n' "$previous" "${file_paths[@]}"; } | write_file 0644 "$state/files" || fail "cannot write $state/files"
  for i in "${!file_paths[@]}"; do
    path=$home/${file_paths[i]}
    mkdir -p "${path%/*}" || fail "cannot make ${path%/*}: is the disk full or read-only?"
    decode "${file_contents[i]}" | write_file "${file_modes[i]}" "$path" ||
      fail "cannot write $path: is the disk full or read-only?"
  done
  while IFS= read -r path; do
    [[ -z $path || " ${file_paths[*]} " == *" $path "* ]] || rm -f "${home:?}/$path"
  done <<<"$previous"
  printf '%s\n' "${file_paths[@]}" | write_file 0644 "$state/files" || fail "cannot write $state/files"

  printf '%s\n' "$unit" | write_file 0644 "$state/unit" || fail "cannot write $state/unit"
  printf '%s\n' "$kafka" | write_file 0644 "$state/kafka" || fail "cannot write $state/kafka"
  printf '%s\n' "$content" | write_file 0644 "$units/$unit" || fail "cannot write the unit $units/$unit"
  unit_control daemon-reload || fail "systemctl daemon-reload failed"
}

has_kafka_user() { is_root && id -u "$kafka_user" >/dev/null 2>&1; }

unit_for_this_machine() {
  local content=${unit_content//@HOME@/$home}
  content=${content//@KAFKA_HOME@/$kafka}
  if has_kafka_user; then
    content=${content//@USER@/$kafka_user}
  else
    content=${content//User=@USER@$'\n'/}
  fi
  printf '%s' "$content"
}

# Formats the disk, once in the life of this machine. A marker tells an attempt that was cut short, whose remains may go,
# from a disk that somebody else has written to.
format_disk() {
  local marker=$state/formatting entry output how=(--no-initial-controllers)
  mkdir -p "$data" "$home/logs" || fail "cannot make $data: is the disk full or read-only?"
  [[ ! -e $meta || -e $marker ]] || return 0
  if [[ ! -e $meta ]]; then
    [[ ! -e $state/formatted ]] ||
      fail "$data was formatted before, but has no meta.properties now: the disk was lost. Launch a new instance"
    for entry in "$data"/* "$data"/.[!.]*; do
      [[ -e $entry && ${entry##*/} != lost+found ]] || continue
      [[ -e $marker ]] ||
        fail "$data has ${entry##*/} in it but no meta.properties, so it is not formatted: look whose it is"
      rm -rf "$entry"
    done
    [[ $format != founder ]] || how=(--initial-controllers "$voters")
    : >"$marker" || fail "cannot write $marker"
    # It inherits the lock: should this script be killed meanwhile, nobody goes on before it has ended.
    output=$(cd "$home" && tool "$format_wait" kafka.tools.StorageTool format --cluster-id "$cluster_id" \
      --config config/server.properties "${how[@]}" 2>&1) || fail "formatting $data failed: $(last_words "$output")"
    [[ -e $meta ]] || fail "formatting $data left no meta.properties: $(last_words "$output")"
  fi
  if has_kafka_user; then
    chown -R "$kafka_user:" "$data" "$home/logs" || fail "cannot give $data to user $kafka_user"
  fi
  property directory.id "$meta" | write_file 0644 "$state/formatted" || fail "cannot write $state/formatted"
  rm -f "$marker"
}

start_unit() {
  local output
  look_at_unit "$unit"
  if [[ -z $changed && $unit_state == active && -n $unit_running ]]; then return; fi
  unit_control enable "$unit" || fail "systemctl enable $unit failed"
  # A unit that has failed too often is not started again until this.
  unit_control reset-failed "$unit" 2>/dev/null
  output=$(unit_control restart "$unit" 2>&1) ||
    fail "starting $unit failed: $(last_words "$output")" '"unit":"failed"'
  printf '%s\n' "$digest" | write_file 0644 "$state/digest" || fail "cannot write $state/digest"
  settle
}

# A mistake in the configuration ends Kafka in its first second or two: better said here than found out by a deadline.
settle() {
  local deadline=$((SECONDS + settle_wait))
  while :; do
    look_at_unit "$unit"
    # Between two automatic restarts the unit is activating, without a process.
    [[ -n $unit_running ]] ||
      fail "$unit ended right after its start: $(log_words)" "\"unit\":$(json "$unit_state")"
    ((SECONDS < deadline)) || break
    sleep 0.2
  done
}

check_machine() {
  has_kafka || fail "there is no Kafka in $kafka: its jars belong into $kafka/libs"
  command -v java >/dev/null || fail "there is no java on this machine's PATH"
}

configure() {
  make_home
  refuse_tombstone
  read_payload
  equip
  check_machine
  wait_for_address
  take_lock
  refuse_tombstone
  [[ ! -e $state/unit || $(unit_name) == "$unit" ]] || fail "this machine runs $(unit_name), and does not become $unit"
  [[ ! -L $units/$unit ]] || fail "$unit is masked, but not by a stop: an operator has to unmask it"
  take_up_order
  mount_volume
  check_disk
  write_configuration
  format_disk
  start_unit
  look_at_unit "$unit"
  answer true "\"digest\":$(json "$digest")" "\"unit\":$(json "$unit_state")" '"tombstone":false'
}

# ---- stop -------------------------------------------------------------------------------------------------------------

mask() { ln -sfn /dev/null "$1.rollcall-new" && mv -fT "$1.rollcall-new" "$1"; }

stop() {
  local name output
  make_home
  take_lock
  [[ -e $tombstone ]] || date -u '+stopped %Y-%m-%dT%H:%M:%SZ' | write_file 0644 "$tombstone" ||
    fail "cannot leave the tombstone $tombstone"
  name=$(unit_name)
  # Masked by hand: systemctl refuses to mask a unit whose file is in /etc. systemd is told only after the stop: a reload
  # would make it forget the unit's TimeoutStopSec.
  mask "$units/$name" || fail "cannot mask $units/$name" '"tombstone":true'
  sync "$tombstone" "$state" "$units" || fail "cannot sync the tombstone to disk" '"tombstone":true'
  output=$(unit_control stop "$name" 2>&1)
  unit_control daemon-reload
  has_stopped "$name" ||
    fail "$name was told to stop, but is $unit_state${left:+, and process $left runs}. $(last_words "$output")" \
      "\"unit\":$(json "$unit_state")" '"tombstone":true' '"stopped":false'
  answer true "\"unit\":$(json "$unit_state")" '"tombstone":true' '"stopped":true'
}

# ---- status and verify ------------------------------------------------------------------------------------------------

# Sets members: what status and verify both tell.
look_at_node() {
  local digest
  digest=$(configured_digest)
  look_at_unit "$(unit_name)"
  members=("\"unit\":$(json "$unit_state")")
  [[ -z $digest ]] || members+=("\"digest\":$(json "$digest")")
  if [[ -e $tombstone ]]; then
    members+=('"tombstone":true')
    if has_stopped "$(unit_name)"; then members+=('"stopped":true'); else members+=('"stopped":false'); fi
  else
    members+=('"tombstone":false')
  fi
}

status() {
  look_at_node
  answer true "${members[@]}"
}

verify() {
  local servers output quorum
  look_at_node
  [[ -r $home/config/server.properties ]] || fail "this node is not configured, so it knows no quorum to ask" "${members[@]}"
  servers=$(property controller.quorum.bootstrap.servers "$home/config/server.properties")
  output=$(cd "$home" && tool "$tool_wait" org.apache.kafka.tools.MetadataQuorumCommand --bootstrap-controller "$servers" \
    --command-config config/tools.properties describe --replication 2>&1) ||
    fail "the quorum at $servers does not answer: $(last_words "$output")" "${members[@]}"
  quorum=$(quorum_json <<<"$output") || fail "the quorum's answer is not understood: $(last_words "$output")" "${members[@]}"
  answer true "${members[@]}" "\"quorum\":$quorum"
}

# Makes JSON of the table that `describe --replication` prints. The leader counts itself as caught up now, so the age of
# another's last catch-up is taken from the leader's: both are on the leader's clock.
quorum_json() {
  awk '
    $1 ~ /^[0-9]+$/ && $2 ~ /^[A-Za-z0-9_-]+$/ && NF == 7 && $7 ~ /^(Leader|Follower|Observer)$/ {
      n++
      id[n] = $1; dir[n] = $2; end[n] = $3; lag[n] = $4; caught[n] = $6; kind[n] = $7
      if ($7 == "Leader") { leader = $1; now = $6 }
    }
    function replica(i,    ago) {
      ago = caught[i] < 0 || now == "" ? -1 : now - caught[i]
      return sprintf("{\"id\":%d,\"directoryId\":\"%s\",\"logEndOffset\":%.0f,\"lag\":%.0f,\"caughtUpAgo\":%.0f}",
        id[i], dir[i], end[i], lag[i], ago)
    }
    END {
      if (n == 0) exit 1
      for (i = 1; i <= n; i++)
        if (kind[i] == "Observer") observers = observers (observers == "" ? "" : ",") replica(i)
        else voters = voters (voters == "" ? "" : ",") replica(i)
      printf "{\"leader\":%d,\"voters\":[%s],\"observers\":[%s]}", leader == "" ? -1 : leader, voters, observers
    }'
}

# tool SECONDS CLASS [argument…]: one of Kafka's own tools, in a JVM that starts fast and stays small. Run in $home.
tool() {
  local limit=$1
  shift
  timeout -k 2 "$limit" java -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto \
    -Dlog4j2.configurationFile=config/tools-log4j2.properties -cp "$kafka/libs/*" "$@" 3>&-
}

# The end of a tool's output that says why, in one line.
last_words() {
  local words
  words=$(grep -E 'Exception|Error|ERROR|FATAL|rror:|ailed' <<<"$1" | head -n 2 | tr '\n' ' ')
  [[ -n $words ]] || words=$(tail -n 2 <<<"$1" | tr '\n' ' ')
  printf '%s' "${words:0:600}"
}

log_words() {
  local log=$home/logs/server.log
  if [[ -r $log ]]; then
    last_words "$(tail -n 60 "$log")"
  else
    printf 'it has left no log; see journalctl -u %s' "$unit"
  fi
}

case $action in
  configure) configure ;;
  stop) stop ;;
  status) status ;;
  verify) verify ;;
  *) fail "SSM_action must be configure, stop, status or verify; it is '${action:0:40}'" ;;
esac
