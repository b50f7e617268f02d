#!/bin/bash
#
# Rollcall on a node: the body of the SSM document. Configures, stops and looks at the one node of this machine: a Kafka
# controller, a Kafka broker, or a member of a ZooKeeper ensemble.
#
#   SSM_action   configure | stop | status | verify | access
#   SSM_payload  base64 of gzipped text: for configure as shared/config/payload.ts describes it, for access as
#                shared/config/access.ts does; else empty
#   SSM_issued   when the command was sent, ms since the epoch; empty: now
#
# The last line of stdout is one JSON object, shaped as NodeAnswer in shared/lifecycle/sights.ts; everything else goes to
# stderr. The exit status is 0 exactly when "ok" is true.
#
#   configure  installs Java and Kafka where they are missing, waits until the node's address works, mounts the data volume,
#              fetches the node's secrets, keeps what it shares with others, writes its files and unit, prepares an empty
#              disk, starts or restarts the unit where it has to, and returns once it runs. With the same payload again, and
#              the same secrets, it changes nothing. One that was sent before the newest that was taken up is refused: a
#              command that comes late, or twice, undoes nothing.
#   stop       is final: leaves a tombstone, masks the unit, stops it, confirms that no process runs.
#              No configure, however late, gets past a tombstone, and a reboot does not start a masked unit.
#   status     says what is; runs no JVM.
#   verify     asks Kafka's own tools for the state of the metadata quorum.
#   access     makes the cluster's users and ACLs what the payload says, by Kafka's own tools, through this node's broker. As
#              with configure, one that was sent before the newest that was taken up here is refused.
#
# All of it may be run twice, or by two agents at once: configure and stop take turns by a lock, and so does access.
#
# No secret is ever printed, or stands on a command line, in an exported variable or in a file that others can read: a secret
# goes from the AWS CLI's output into a variable, and from there through a pipe, or into a file of secrets/.
#
# Needs Linux, bash 4.4, GNU coreutils, diffutils, util-linux, awk, grep, gzip, iproute2 and systemd. To install: dnf, tar,
# useradd, and the AWS CLI or curl. For a data volume: mkfs.xfs. For secrets: the AWS CLI. For Exhibitor: curl, and an
# AWS CLI that knows S3's conditional writes (August 2024). Amazon Linux 2023 has them all.

set -u -o pipefail
umask 022
export LC_ALL=C
PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

home=${ROLLCALL_HOME:-/var/lib/rollcall}
units=${ROLLCALL_UNITS:-/etc/systemd/system}
fstab=${ROLLCALL_FSTAB:-/etc/fstab}
image_kafka=${KAFKA_HOME:-/opt/kafka}
exhibitor=${EXHIBITOR_HOME:-/opt/exhibitor}
# Seconds. The unit's controlled shutdown may hold the lock for its TimeoutStopSec.
address_wait=${ROLLCALL_ADDRESS_WAIT:-60}
lock_wait=${ROLLCALL_LOCK_WAIT:-360}
settle_wait=${ROLLCALL_SETTLE_WAIT:-3}
tool_wait=${ROLLCALL_TOOL_WAIT:-20}
secret_wait=${ROLLCALL_SECRET_WAIT:-30}
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

# Values that this run has fetched.
secrets=()

# For words of others, which should have no secret in them, but are not this script's.
without_secrets() {
  local text=$1 value
  for value in "${secrets[@]}"; do text=${text//"$value"/***}; done
  printf '%s' "$text"
}

# Ends the script with the words for what is wrong and what to do.
fail() {
  local words members
  words=$(without_secrets "$1")
  printf 'rollcall: %s\n' "$words" >&2
  members=("\"error\":$(json "$words")")
  shift
  answer false "${members[@]}" "$@"
  exit 1
}

on_exit() {
  local status=$?
  rm -f "$complaints" "$shared_copy"
  [[ -n $answered ]] || answer false "\"error\":$(json "the script ended early, with status $status")"
}
complaints=''
shared_copy=''
trap on_exit EXIT
trap 'fail "ended by a signal before it was done"' HUP INT TERM

# ---- where things are -------------------------------------------------------------------------------------------------

# These end up in a unit file, which gives blanks, %, $ and quotes a meaning, and in a class path, which splits at colons.
path_pattern='^/[A-Za-z0-9._/+=,-]+$'
for setting in ROLLCALL_HOME="$home" ROLLCALL_UNITS="$units" ROLLCALL_FSTAB="$fstab" KAFKA_HOME="$image_kafka" \
  EXHIBITOR_HOME="$exhibitor"; do
  [[ ${setting#*=} =~ $path_pattern ]] ||
    fail "${setting%%=*} must be an absolute path of letters, digits and ._/+=,- only; it is '${setting#*=}'"
done
for setting in ROLLCALL_ADDRESS_WAIT="$address_wait" ROLLCALL_LOCK_WAIT="$lock_wait" \
  ROLLCALL_SETTLE_WAIT="$settle_wait" ROLLCALL_TOOL_WAIT="$tool_wait" ROLLCALL_SECRET_WAIT="$secret_wait" \
  ROLLCALL_INSTALL_WAIT="$install_wait"; do
  [[ ${setting#*=} =~ ^[0-9]{1,4}$ ]] || fail "${setting%%=*} must be a number of seconds; it is '${setting#*=}'"
done

# What the script itself remembers. No file of a payload gets in here: their paths have no leading dots.
state=$home/.rollcall
tombstone=$state/tombstone
data=$home/data
# Whose the disk is, by Kafka's own word or, on a ZooKeeper member's disk, by this script's.
kafka_meta=$data/meta.properties
zookeeper_meta=$data/member.properties
secrets_directory=$home/secrets
# What a program last said on stderr.
complaints=$state/complaints.$$
# The object that is shared with others, as it is or as it shall be.
shared_copy=$state/object.$$
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

# Process ids of Kafka and ZooKeeper servers that run in this home, whoever started them, separated by blanks.
find_processes() {
  local link pid command found=''
  for link in /proc/[0-9]*/cwd; do
    [[ $link -ef $home ]] || continue
    pid=${link#/proc/}
    pid=${pid%/cwd}
    command=$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") || continue
    [[ ! $command =~ \ (kafka\.Kafka|org\.apache\.zookeeper\.server\.quorum\.QuorumPeerMain)\  ]] || found+="${found:+ }$pid"
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
  # What programs say is nobody else's to read, whatever they say.
  { mkdir -p "$home" "$state" && (umask 077 && : >"$complaints"); } ||
    fail "cannot make $state: is the disk full or read-only?"
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

# take_up_order FILE WHAT: under the lock. Orders are told apart by when they were sent, for they may come in any order; that
# file keeps when the newest was.
take_up_order() {
  local file=$state/$1 newest=
  [[ -n $issued ]] || return 0
  [[ $issued =~ ^[0-9]{1,15}$ ]] || fail "SSM_issued must be milliseconds since the epoch; it is '${issued:0:40}'"
  [[ ! -r $file ]] || read -r newest <"$file"
  ((issued >= ${newest:-0})) || fail "a newer $2 was taken up already: this one came late"
  [[ $issued == "$newest" ]] || printf '%s\n' "$issued" | write_file 0644 "$file" || fail "cannot write $file"
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
# Files below secrets/, and the secret and key of its JSON that each comes from.
secret_files=()
secret_ids=()
secret_keys=()
# Users that there must be before the cluster first starts, and where their passwords are.
first_users=()
first_ids=()
first_keys=()

secret_pattern='[A-Za-z0-9/_+=.@][A-Za-z0-9/_+=.@:!-]{0,511}'
key_pattern='[A-Za-z0-9_.-]{1,64}'
user_pattern='[A-Za-z0-9][A-Za-z0-9._-]{0,63}'

# Sets lines to those of the payload, without the first, which tells its version.
unpack_payload() {
  local text
  [[ -n ${SSM_payload:-} ]] || fail "$action needs a payload, and there is none"
  text=$(printf '%s' "$SSM_payload" | base64 -d 2>/dev/null | gzip -dc 2>/dev/null) ||
    fail "the payload is not whole: base64 or gzip does not take it"
  mapfile -t lines <<<"$text"
  [[ ${lines[0]} == 'rollcall 1' ]] || fail "the payload is of a version this script does not know: '${lines[0]:0:40}'"
  lines=("${lines[@]:1}")
}

# Reads and checks the whole payload before anything is changed.
read_payload() {
  local lines line key value seen=' '
  digest='' role='' id='' cluster_id='' address='' format='' unit='' unit_content='' directory_id='' voters=''
  kafka_version='' kafka_sha512='' archive_url='' volume='' region=''
  object_bucket='' object_key='' object_content=''
  unpack_payload
  for line in "${lines[@]}"; do
    key=${line%% *}
    value=${line#* }
    case $key in
      file | secret | scram) ;;
      *) [[ $seen != *" $key "* ]] || fail "the payload has several $key lines" ;;
    esac
    seen+="$key "
    case $key in
      digest) read_digest "$value" ;;
      role)
        [[ $value =~ ^(controller|broker|zookeeper)$ ]] || fail "the payload's role is neither controller nor broker nor zookeeper"
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
      region) read_region "$value" ;;
      secret)
        [[ $value =~ ^([A-Za-z0-9][A-Za-z0-9._-]*)\ ($secret_pattern)\ ($key_pattern)$ ]] ||
          fail "the payload has a malformed secret line: '${line:0:60}'"
        secret_files+=("${BASH_REMATCH[1]}")
        secret_ids+=("${BASH_REMATCH[2]}")
        secret_keys+=("${BASH_REMATCH[3]}")
        ;;
      scram)
        [[ $value =~ ^($user_pattern)\ ($secret_pattern)\ ($key_pattern)$ ]] ||
          fail "the payload has a malformed scram line: '${line:0:60}'"
        first_users+=("${BASH_REMATCH[1]}")
        first_ids+=("${BASH_REMATCH[2]}")
        first_keys+=("${BASH_REMATCH[3]}")
        ;;
      object) read_object "$value" ;;
      file) read_file_line "$value" ;;
      unit)
        [[ $value =~ ^([a-z][a-z0-9-]*\.service)\ ([A-Za-z0-9+/=]+)$ ]] || fail "the payload's unit line is malformed"
        unit=${BASH_REMATCH[1]}
        unit_content=$(decode "${BASH_REMATCH[2]}") || fail "the payload's unit is not base64"
        ;;
      *) fail "the payload has a line this script does not know: '${line:0:40}'" ;;
    esac
  done
  for key in digest role id cluster-id address format unit; do
    [[ $seen == *" $key "* ]] || fail "the payload has no $key line"
  done
  check_payload
}

# What its lines must be to each other. Sets meta.
check_payload() {
  [[ -n $kafka_version && -n $archive_url || -z $kafka_version$archive_url ]] ||
    fail "the payload names a Kafka without its archive, or the other way round"
  [[ -n $region || ${#secret_files[@]} == 0 && ${#first_users[@]} == 0 && -z $object_bucket ]] ||
    fail "the payload names secrets or an object without their region"
  case $role/$format in
    controller/join | broker/join | broker/none | zookeeper/new | zookeeper/empty) ;;
    controller/founder)
      [[ ",$voters," == *",$id@"*":$directory_id,"* ]] || fail "the payload's founder $id is not among its voters"
      ;;
    broker/founder) fail "the payload has a broker found the quorum" ;;
    *) fail "the payload's format line does not fit a $role" ;;
  esac
  if [[ $role == zookeeper ]]; then
    meta=$zookeeper_meta
  else
    meta=$kafka_meta
    [[ " ${file_paths[*]} " == *' config/server.properties '* ]] || fail "the payload has no config/server.properties"
  fi
}

read_digest() {
  [[ $1 =~ ^[0-9a-f]{64}$ ]] || fail "the payload's digest is no sha256"
  digest=$1
}

read_region() {
  [[ $1 =~ ^[a-z]{2}(-[a-z0-9]+)+$ ]] || fail "the payload's region is none of AWS's"
  region=$1
}

read_object() {
  [[ $1 =~ ^s3://([a-z0-9][a-z0-9-]*)/([A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*)\ ([A-Za-z0-9+/=]+)$ ]] ||
    fail "the payload's object line is malformed"
  object_bucket=${BASH_REMATCH[1]} object_key=${BASH_REMATCH[2]} object_content=${BASH_REMATCH[4]}
  decode "$object_content" >/dev/null || fail "the payload's object is not base64"
}

# Sets format: `founder` or `join` a quorum of Kafka's own, `new` or `empty` in a ZooKeeper ensemble, `none` where ZooKeeper
# keeps the quorum and Kafka formats its disk itself.
read_format() {
  local voter='[0-9]+@[A-Za-z0-9.-]+:[0-9]+:[A-Za-z0-9_-]{22}'
  case $1 in
    join | none) format=$1 ;;
    'ensemble new') format='new' ;;
    'ensemble join') format='empty' ;;
    *)
      [[ $1 =~ ^founder\ ([A-Za-z0-9_-]{22})\ ($voter(,$voter)*)$ ]] || fail "the payload's format line is malformed"
      format='founder'
      directory_id=${BASH_REMATCH[1]}
      voters=${BASH_REMATCH[2]}
      ;;
  esac
}

read_file_line() {
  local name='[A-Za-z0-9][A-Za-z0-9._-]*'
  [[ $1 =~ ^(0[0-7]{3})\ ($name(/$name)*)\ ([A-Za-z0-9+/=]*)$ ]] || fail "the payload has a malformed file line: '${1:0:60}'"
  local mode=${BASH_REMATCH[1]} path=${BASH_REMATCH[2]} content=${BASH_REMATCH[4]}
  case $path in
    data | data/* | logs | logs/*) fail "the payload's file $path is in a directory that is Kafka's" ;;
    secrets | secrets/*) fail "the payload's file $path is in a directory that is for secrets, which no payload has" ;;
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

# ---- secrets ----------------------------------------------------------------------------------------------------------

# By id: what Secrets Manager has, and which version of it that is.
declare -A secret_texts=() secret_versions=()

# Asks Secrets Manager once for each, in the node's own role. Where it fails, trouble says why.
fetch_secret() {
  local output
  [[ -z ${secret_versions[$1]-} ]] || return 0
  if ! command -v aws >/dev/null; then
    trouble="there is no aws on this machine's PATH to fetch secret $1 with: use Amazon Linux 2023, or an image that has the AWS CLI"
    return 1
  fi
  # One line with two columns; what follows the first tab is the secret, whole.
  if ! output=$(timeout -k 2 "$secret_wait" aws secretsmanager get-secret-value --region "$region" --secret-id "$1" \
    --query '[VersionId,SecretString]' --output text 2>"$complaints" 3>&- </dev/null); then
    trouble="fetching secret $1 failed: $(complaint)"
    return 1
  fi
  if [[ ! ${output%%$'\t'*} =~ ^[A-Za-z0-9-]{1,64}$ ]]; then
    trouble="secret $1 came without a version"
    return 1
  fi
  secret_versions[$1]=${output%%$'\t'*}
  secret_texts[$1]=${output#*$'\t'}
}

# Sets value to that string among the secret's JSON: read_secret ID KEY
read_secret() {
  fetch_secret "$1" || return
  if ! value=$(printf '%s' "${secret_texts[$1]}" | json_string "$2" && printf .); then
    trouble="secret $1 is not a JSON object with a string '$2'"
    return 1
  fi
  value=${value%.}
  secrets+=("$value")
}

# The string of that name in a JSON object on stdin, as it is. ASCII alone: no password or certificate has more.
json_string() {
  awk -v key="$1" '
    function broken() { failed = 1; exit 1 }
    function blanks() { while (at <= length(text) && index(" \t\r\n", substr(text, at, 1))) at++ }
    function take(sign) { blanks(); if (substr(text, at++, 1) != sign) broken() }
    function string(    sign, found, code) {
      take("\"")
      while ((sign = substr(text, at++, 1)) != "\"") {
        if (sign == "") broken()
        if (sign == "\\") {
          sign = substr(text, at++, 1)
          if (sign == "u") {
            code = substr(text, at, 4)
            at += 4
            if (code !~ /^00[2-7][0-9A-Fa-f]$/) broken()
            sign = sprintf("%c", 16 * substr(code, 3, 1) + index("123456789abcdef", tolower(substr(code, 4))))
          } else if (sign == "n") sign = "\n"
          else if (sign == "r") sign = "\r"
          else if (sign == "t") sign = "\t"
          else if (sign !~ /^["\\\/]$/) broken()
        }
        found = found sign
      }
      return found
    }
    # Whatever else a value may be: to its end, which is not taken.
    function skip(    depth, sign) {
      for (; (sign = substr(text, at, 1)) != ""; at++) {
        if (sign == "\"") { string(); at--; continue }
        if (depth == 0 && (sign == "," || sign == "}")) return
        if (sign == "{" || sign == "[") depth++
        if (sign == "}" || sign == "]") depth--
      }
      broken()
    }
    { text = text $0 "\n" }
    END {
      if (failed) exit 1
      at = 1
      take("{")
      do {
        name = string()
        take(":")
        blanks()
        if (substr(text, at, 1) == "\"") { content = string(); if (name == key) { wanted = content; known = 1 } }
        else skip()
        blanks()
      } while (substr(text, at++, 1) == ",")
      if (substr(text, at - 1, 1) != "}" || !known || wanted == "") exit 1
      printf "%s", wanted
    }'
}

# What the payload wants in secrets/: sets secret_values.
fetch_secrets() {
  local i value trouble
  secret_values=()
  for i in "${!secret_files[@]}"; do
    read_secret "${secret_ids[i]}" "${secret_keys[i]}" || fail "$trouble"
    secret_values+=("$value")
  done
}

# Whether secrets/ is anything but what the payload wants there.
secrets_differ() {
  local i path
  for i in "${!secret_files[@]}"; do
    path=$secrets_directory/${secret_files[i]}
    [[ -f $path && $(stat -c %a "$path") == 600 ]] && printf '%s' "${secret_values[i]}" | cmp -s - "$path" || return 0
  done
  for path in "$secrets_directory"/*; do
    [[ ! -e $path || " ${secret_files[*]} " == *" ${path##*/} "* ]] || return 0
  done
  return 1
}

# Each is replaced as a whole, and is nobody else's to read at any moment.
write_secrets() {
  local i path new=$state/secret.new
  if ((${#secret_files[@]} == 0)); then
    rm -rf "${secrets_directory:?}"
    return
  fi
  { mkdir -p "$secrets_directory" && chmod 0700 "$secrets_directory" && give_to_user "$secrets_directory"; } ||
    fail "cannot make $secrets_directory: is the disk full or read-only?"
  for i in "${!secret_files[@]}"; do
    path=$secrets_directory/${secret_files[i]}
    rm -f "$new"
    { (umask 077 && printf '%s' "${secret_values[i]}" >"$new") && give_to_user "$new" && mv -fT "$new" "$path"; } ||
      fail "cannot write $path: is the disk full or read-only?"
  done
  for path in "$secrets_directory"/*; do
    [[ " ${secret_files[*]} " == *" ${path##*/} "* ]] || rm -f "$path"
  done
}

has_kafka_user() { is_root && id -u "$kafka_user" >/dev/null 2>&1; }

# To the unit's user, where the machine has it.
give_to_user() { ! has_kafka_user || chown -R "$kafka_user:" "$@"; }

# Sets password and iterations for a user whose password is that secret's: read_password USER ID KEY.
# The iterations of its SCRAM credential are a mark of the user and the secret's version, from 4096, the least Kafka takes, to
# 8191: so Kafka's list of users tells whose password is of another version, or has been changed by somebody else.
read_password() {
  local value mark
  read_secret "$2" "$3" || return
  if [[ ! $value =~ ^[!-~]{1,256}$ ]]; then
    trouble="the password in secret $2 must be of printable ASCII without blanks"
    return 1
  fi
  password=$value
  mark=$(printf '%s %s' "$1" "${secret_versions[$2]}" | sha256sum)
  iterations=$((4096 + 16#${mark:0:3}))
}

# ---- what a role's nodes share ----------------------------------------------------------------------------------------

# Brings the object to what the payload says. Exhibitor restarts every member at once when it becomes another: so it is made
# where there is none, and replaced by those alone who found the ensemble, while it serves nobody yet.
keep_object() {
  local name=s3://$object_bucket/$object_key tries=3
  [[ -n $object_bucket ]] || return 0
  command -v aws >/dev/null ||
    fail "there is no aws on this machine's PATH to reach $name with: use Amazon Linux 2023, or an image that has the AWS CLI"
  decode "$object_content" >"$shared_copy" || fail "cannot write $shared_copy: is the disk full or read-only?"
  # Asked to make it, S3 tells whether it is there; a look at one that is not is just forbidden to whoever may not list the bucket.
  while ! object_call put-object --body "$shared_copy" --if-none-match '*'; do
    [[ $(complaint) != *PreconditionFailed* ]] || break
    # Another node is about to make it.
    [[ $(complaint) == *ConditionalRequestConflict* ]] || fail "writing $name failed: $(complaint)"
    ((--tries > 0)) || fail "writing $name failed: $(complaint)"
  done
  object_call get-object "$shared_copy" || fail "reading $name failed: $(complaint)"
  [[ $(base64 -w 0 "$shared_copy") != "$object_content" ]] || return 0
  [[ $format == new ]] ||
    fail "$name is not what the definition makes it, and is left so, because all members would restart at once: put it right by hand"
  decode "$object_content" >"$shared_copy" || fail "cannot write $shared_copy: is the disk full or read-only?"
  object_call put-object --body "$shared_copy" || fail "writing $name failed: $(complaint)"
}

# object_call OPERATION [argument…]
object_call() {
  local operation=$1
  shift
  timeout -k 2 "$secret_wait" aws s3api "$operation" --region "$region" --bucket "$object_bucket" --key "$object_key" "$@" \
    2>"$complaints" >/dev/null 3>&- </dev/null
}

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

# The address must work before anything uses it: it is there, its link is up, and what is sent from it leaves by its own
# interface. A second interface has its address long before the routing policy that makes others' answers reach it.
wait_for_address() {
  local deadline=$((SECONDS + address_wait)) lack
  while ! address_works; do
    ((SECONDS < deadline)) || fail "address $address $lack"
    refuse_tombstone
    sleep 0.5
  done
}

# Sets lack where it does not.
address_works() {
  local all device link route
  all=$(ip -4 -o addr | awk '{ for (i = 3; i < NF; i++) if ($i == "inet") { split($(i + 1), a, "/"); print a[1], $2 } }')
  device=$(awk -v address="$address" '$1 == address { print $2; exit }' <<<"$all")
  if [[ -z $device ]]; then
    all=$(cut -d ' ' -f 1 <<<"$all")
    lack="did not appear on this machine within $address_wait s; it has ${all//$'\n'/, }"
    return 1
  fi
  link=$(ip -o link show dev "$device" 2>/dev/null)
  if [[ $link != *[\<,]UP[,\>]* || $link != *[\<,]LOWER_UP[,\>]* ]]; then
    lack="does not work after $address_wait s: the link of its interface $device is down"
    return 1
  fi
  # An address of documentation (RFC 5737), which is on no link: by the way to it goes whatever leaves the subnet.
  route=$(ip -4 route get 192.0.2.1 from "$address" 2>/dev/null)
  if [[ ! $route =~ \ dev\ ([^ ]+) ]]; then
    lack="does not work after $address_wait s: nothing sent from it has a way out of its subnet"
  elif [[ ${BASH_REMATCH[1]} != "$device" ]]; then
    lack="does not work after $address_wait s: what is sent from it leaves by ${BASH_REMATCH[1]}, not by its own interface $device"
  else
    return 0
  fi
  return 1
}

# A disk of another node or cluster is not touched. Kafka calls a node by node.id, or by broker.id where ZooKeeper keeps the
# cluster, whose own id for itself it then writes as cluster.id.
check_disk() {
  local found name=node.id
  [[ -e $meta ]] || return 0
  if [[ $format == none ]]; then
    name=broker.id
  else
    found=$(property cluster.id "$meta")
    [[ $found == "$cluster_id" ]] ||
      fail "the disk belongs to cluster '$found', not to $cluster_id: $data is left as it is. Launch an instance with an empty disk"
  fi
  found=$(property "$name" "$meta")
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
  ! secrets_differ || changed=yes
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
  write_secrets

  printf '%s\n' "$unit" | write_file 0644 "$state/unit" || fail "cannot write $state/unit"
  printf '%s\n' "$kafka" | write_file 0644 "$state/kafka" || fail "cannot write $state/kafka"
  printf '%s\n' "$content" | write_file 0644 "$units/$unit" || fail "cannot write the unit $units/$unit"
  unit_control daemon-reload || fail "systemctl daemon-reload failed"
}

unit_for_this_machine() {
  local content=${unit_content//@HOME@/$home}
  content=${content//@KAFKA_HOME@/$kafka}
  content=${content//@EXHIBITOR_HOME@/$exhibitor}
  if has_kafka_user; then
    content=${content//@USER@/$kafka_user}
  else
    content=${content//User=@USER@$'\n'/}
  fi
  printf '%s' "$content"
}

# Prepares an empty disk, once in the life of this machine. A marker tells an attempt that was cut short, whose remains may go,
# from a disk that somebody else has written to.
prepare_disk() {
  local marker=$state/formatting entry
  mkdir -p "$data" "$home/logs" || fail "cannot make $data: is the disk full or read-only?"
  # It may hold what passwords are verified by.
  chmod 0700 "$data" || fail "cannot close $data to others"
  # Once the ensemble has formed, a member that never started shall not vote before it has synced either.
  [[ $format != empty ]] || rm -f "$data/initialize"
  [[ ! -e $meta || -e $marker ]] || return 0
  if [[ ! -e $meta ]]; then
    [[ ! -e $state/formatted ]] ||
      fail "$data was formatted before, but has no ${meta##*/} now: the disk was lost. Launch a new instance"
    for entry in "$data"/* "$data"/.[!.]*; do
      [[ -e $entry && ${entry##*/} != lost+found ]] || continue
      [[ -e $marker ]] ||
        fail "$data has ${entry##*/} in it but no ${meta##*/}, so it is not formatted: look whose it is"
      # A broker that formats its disk itself may be at it.
      [[ $format == none ]] || rm -rf "$entry"
    done
    : >"$marker" || fail "cannot write $marker"
    case $format in
      founder) format_disk --initial-controllers "$voters" ;;
      join) format_disk --no-initial-controllers ;;
      new | empty) make_member ;;
      none) make_first_users ;;
    esac
  fi
  give_to_user "$data" "$home/logs" || fail "cannot give $data to user $kafka_user"
  note_disk
}

# The disk has become this node's. One that Kafka formats itself does so some time after its first start.
note_disk() {
  [[ -e $meta && ! -e $state/formatted ]] || return 0
  printf '%s\n' "$id" | write_file 0644 "$state/formatted" || fail "cannot write $state/formatted"
  rm -f "$state/formatting"
}

# format_disk OPTION…: how the node comes to its quorum.
format_disk() {
  local options=(format --cluster-id "$cluster_id" --config config/server.properties "$@")
  # It inherits the lock: should this script be killed meanwhile, nobody goes on before it has ended. Its stdout has the
  # credentials that it made of passwords.
  if [[ $format == founder && ${#first_users[@]} -gt 0 ]]; then
    read_first_passwords
    kafka_tool "$format_wait" kafka.tools.StorageTool "${options[@]}" @<(printf '%s\n' "${scram_options[@]}")
  else
    kafka_tool "$format_wait" kafka.tools.StorageTool "${options[@]}"
  fi >/dev/null || fail "formatting $data failed: $(complaint)"
  [[ -e $meta ]] || fail "formatting $data left no ${meta##*/}: $(complaint)"
}

# Sets scram_options: StorageTool's, one argument an item.
read_first_passwords() {
  local i password iterations trouble
  scram_options=()
  for i in "${!first_users[@]}"; do
    read_password "${first_users[i]}" "${first_ids[i]}" "${first_keys[i]}" || fail "$trouble"
    # The tool parts its option at these signs.
    [[ $password != *[],=\"]* ]] || fail "the password in secret ${first_ids[i]} must be of letters and digits"
    scram_options+=(--add-scram "SCRAM-SHA-512=[name=${first_users[i]},iterations=$iterations,password=$password]")
  done
}

# ZooKeeper trusts an empty disk at its first start alone, and only where `initialize` lies beside `myid`: without, a member
# does not vote before it has synced (zookeeper.db.autocreate=false).
make_member() {
  {
    { [[ $format != new ]] || : >"$data/initialize"; } &&
      printf '%s\n' "$id" | write_file 0644 "$data/myid" &&
      printf 'cluster.id=%s\nnode.id=%s\n' "$cluster_id" "$id" | write_file 0644 "$meta"
  } || fail "cannot write in $data: is the disk full or read-only?"
}

# Kafka cannot start without the users that its brokers are. Whatever there is already stays as it is.
make_first_users() {
  local i servers known name made='' password iterations trouble
  ((${#first_users[@]} > 0)) || return 0
  servers=$(property zookeeper.connect "$home/config/server.properties")
  # With all that passwords are verified by.
  known=$(kafka_tool "$tool_wait" "$config_command" --zookeeper "$servers" --describe --entity-type users) ||
    fail "ZooKeeper at $servers does not tell its users: $(complaint)"
  for i in "${!first_users[@]}"; do
    name=${first_users[i]}
    [[ ! $known =~ user-principal\ \'"$name"\'\ are\ [^$'\n']*SCRAM-SHA-512= ]] || continue
    read_password "$name" "${first_ids[i]}" "${first_keys[i]}" || fail "$trouble"
    # The first user needs the node below which all of this cluster is; Kafka itself makes it only when it starts.
    if [[ -z $made && $servers == */* ]]; then
      kafka_tool "$tool_wait" org.apache.zookeeper.ZooKeeperMain -server "${servers%%/*}" create "/${servers#*/}" \
        >/dev/null </dev/null || grep -q 'Node already exists' "$complaints" || fail "ZooKeeper at $servers refuses: $(complaint)"
      made=yes
    fi
    kafka_tool "$tool_wait" "$config_command" --zookeeper "$servers" --alter --entity-type users --entity-name "$name" \
      --add-config-file <(scram_setting) >/dev/null || fail "making user $name in ZooKeeper failed: $(complaint)"
  done
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
  has_exhibitor || fail "there is no Exhibitor in $exhibitor: its jars belong into $exhibitor/libs"
}

# Only asked for where it is to supervise the node.
has_exhibitor() {
  local jars=("$exhibitor"/libs/exhibitor-*.jar)
  [[ $unit_content != *@EXHIBITOR_HOME@* || -e ${jars[0]} ]]
}

configure() {
  make_home
  refuse_tombstone
  read_payload
  equip
  check_machine
  name_tools
  wait_for_address
  take_lock
  refuse_tombstone
  [[ ! -e $state/unit || $(unit_name) == "$unit" ]] || fail "this machine runs $(unit_name), and does not become $unit"
  [[ ! -L $units/$unit ]] || fail "$unit is masked, but not by a stop: an operator has to unmask it"
  take_up_order issued configuration
  mount_volume
  check_disk
  fetch_secrets
  keep_object
  write_configuration
  prepare_disk
  start_unit
  note_disk
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
  rm -rf "${secrets_directory:?}"
  answer true "\"unit\":$(json "$unit_state")" '"tombstone":true' '"stopped":true'
}

# ---- status and verify ------------------------------------------------------------------------------------------------

# Where Exhibitor starts the node's process, sets supervisor to its word on that, and unit_state to how the process is, since the
# unit is Exhibitor's own: failed where there is no process, as a unit that its restarts did not help; activating before its
# first look.
look_at_member() {
  local endpoint answer
  supervisor=
  [[ -r $home/config/exhibitor.address ]] || return 0
  read -r endpoint <"$home/config/exhibitor.address"
  supervisor='does not answer'
  answer=$(curl -fsS --noproxy '*' --max-time 3 "http://$endpoint/exhibitor/v1/cluster/state" 2>/dev/null 3>&-)
  [[ ! $answer =~ \"description\":\"([^\"]*)\" ]] || supervisor=${BASH_REMATCH[1]}
  if [[ $unit_state == active && -z $(find_processes) ]]; then
    unit_state=failed
    [[ $supervisor != latent ]] || unit_state=activating
  fi
}

# Sets members: what status and verify both tell.
look_at_node() {
  local digest
  digest=$(configured_digest)
  look_at_unit "$(unit_name)"
  look_at_member
  members=("\"unit\":$(json "$unit_state")")
  [[ -z $supervisor ]] || members+=("\"supervisor\":$(json "$supervisor")")
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
  make_home
  look_at_node
  [[ -r $home/config/server.properties ]] || fail "this node is not configured, so it knows no quorum to ask" "${members[@]}"
  servers=$(property controller.quorum.bootstrap.servers "$home/config/server.properties")
  [[ -n $servers ]] || fail "this node's cluster has no quorum of Kafka's own to ask: ZooKeeper keeps it" "${members[@]}"
  output=$(kafka_tool "$tool_wait" org.apache.kafka.tools.MetadataQuorumCommand --bootstrap-controller "$servers" \
    --command-config config/tools.properties describe --replication) ||
    fail "the quorum at $servers does not answer: $(complaint)" "${members[@]}"
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

# ---- access -----------------------------------------------------------------------------------------------------------

# As the payload declares them, in its order.
users=()
declare -A user_ids=() user_keys=() user_applied=() kept=()
# Lines of permission, principal, host, operation, resource type, pattern type and name, parted by tabs.
declared_acls=()
acls=kept

# As the cluster has them: users' SCRAM mechanisms, and the iterations of SCRAM-SHA-512.
declare -A found_mechanisms=() found_iterations=()
found_acls=()

created=()
changed=()
removed=()
# What is wrong with secrets of Rollcall's own users, and by name with those of others.
troubles=()
declare -A user_troubles=()

access() {
  local user
  make_home
  refuse_tombstone
  read_access_payload
  name_tools
  [[ -r $home/config/server.properties ]] || fail "this node is not configured, so it has no broker to ask"
  broker=$(property listeners "$home/config/server.properties")
  broker=${broker#*://}
  broker=${broker%%,*}
  exec 9>"$state/access-lock" || fail "cannot open the lock $state/access-lock"
  flock -w "$lock_wait" 9 || fail "another access has held the lock for $lock_wait s"
  refuse_tombstone
  take_up_order access-issued declaration
  find_users
  [[ $acls == off ]] || find_acls
  # Whatever opens a door comes before what closes one: a user or an ACL that takes another's place leaves no gap.
  for user in "${users[@]}"; do [[ -n ${found_iterations[$user]-} ]] || put_user "$user"; done
  [[ $acls == off ]] || add_acls
  for user in "${users[@]}"; do [[ -z ${found_iterations[$user]-} ]] || put_user "$user"; done
  [[ $acls == off ]] || remove_acls
  remove_users
  # What one secret lacks keeps nobody else out, and is a failure only where nodes or Rollcall itself go by it.
  ((${#troubles[@]} == 0)) || fail "$(printf '%s. ' "${troubles[@]}")" "$(access_json)"
  answer true "\"digest\":$(json "$digest")" "$(access_json)"
}

read_access_payload() {
  local lines line key value seen=' '
  local acl="^acl (User:(\*|$user_pattern)) (\*|[0-9a-fA-F.:]+) (ALLOW|DENY) ([A-Z_]+) (TOPIC|GROUP|CLUSTER|TRANSACTIONAL_ID)"
  acl+=' (LITERAL|PREFIXED) ([!-~]+)$'
  digest='' region=''
  unpack_payload
  for line in "${lines[@]}"; do
    key=${line%% *}
    value=${line#* }
    case $key in
      action) [[ $value == access ]] || fail "the payload is for ${value:0:40}, not for access" ;;
      digest) read_digest "$value" ;;
      region) read_region "$value" ;;
      acls)
        [[ $value =~ ^(kept|off)$ ]] || fail "the payload's acls line is malformed"
        acls=$value
        ;;
      keep)
        [[ $value =~ ^$user_pattern$ ]] || fail "the payload has a malformed keep line: '${line:0:60}'"
        kept[$value]=yes
        ;;
      user)
        [[ $value =~ ^($user_pattern)\ ($secret_pattern)\ ($key_pattern)\ ([A-Za-z0-9-]{1,64})$ ]] ||
          fail "the payload has a malformed user line: '${line:0:60}'"
        value=${BASH_REMATCH[1]}
        [[ -z ${user_ids[$value]-} ]] || fail "the payload has user $value twice"
        users+=("$value")
        user_ids[$value]=${BASH_REMATCH[2]}
        user_keys[$value]=${BASH_REMATCH[3]}
        user_applied[$value]=${BASH_REMATCH[4]}
        ;;
      acl)
        [[ $line =~ $acl ]] || fail "the payload has a malformed acl line: '${line:0:60}'"
        value="${BASH_REMATCH[4]}"$'\t'"${BASH_REMATCH[1]}"$'\t'"${BASH_REMATCH[3]}"$'\t'"${BASH_REMATCH[5]}"
        declared_acls+=("$value"$'\t'"${BASH_REMATCH[6]}"$'\t'"${BASH_REMATCH[7]}"$'\t'"${BASH_REMATCH[8]}")
        ;;
      *) fail "the payload has a line this script does not know: '${line:0:40}'" ;;
    esac
    seen+="$key "
  done
  # Without users it would take everybody's access away.
  for key in action digest region acls user; do
    [[ $seen == *" $key "* ]] || fail "the payload has no $key line"
  done
}

# A tool of Kafka's, in the name of the node's administrator: ask CLASS [argument…]
ask() {
  local class=$1
  shift
  kafka_tool "$tool_wait" "$class" --bootstrap-server "$broker" --command-config config/tools.properties "$@"
}

find_users() {
  local output line name
  local row="^SCRAM credential configs for user-principal '(.+)' are (.+)$"
  output=$(ask "$config_command" --describe --entity-type users) || fail "the broker at $broker does not tell its users: $(complaint)"
  while IFS= read -r line; do
    [[ -n $line && $line != 'Quota configs for '* ]] || continue
    [[ $line =~ $row ]] || fail "the list of users is not understood: '${line:0:100}'"
    name=${BASH_REMATCH[1]}
    line=${BASH_REMATCH[2]}
    [[ ! $line =~ SCRAM-SHA-512=iterations=([0-9]+) ]] || found_iterations[$name]=${BASH_REMATCH[1]}
    while [[ $line =~ (SCRAM-SHA-[0-9]+)= ]]; do
      found_mechanisms[$name]+="${BASH_REMATCH[1]} "
      line=${line#*"${BASH_REMATCH[0]}"}
    done
  done < <(printf '%s\n' "$output")
}

find_acls() {
  local output line resource=''
  # shellcheck disable=SC2016 # The tool quotes by backticks.
  local heading='^Current ACLs for resource `ResourcePattern\(resourceType=([A-Z_]+), name=(.*), patternType=([A-Z]+)\)`: ?$'
  local row='^[[:blank:]]*\(principal=(.+), host=([^,]+), operation=([A-Z_]+), permissionType=(ALLOW|DENY)\) ?$'
  output=$(ask "$acl_command" --list) || fail "the broker at $broker does not tell its ACLs: $(complaint)"
  while IFS= read -r line; do
    if [[ $line =~ $heading ]]; then
      resource="${BASH_REMATCH[1]}"$'\t'"${BASH_REMATCH[3]}"$'\t'"${BASH_REMATCH[2]}"
    elif [[ -n $resource && $line =~ $row ]]; then
      line="${BASH_REMATCH[4]}"$'\t'"${BASH_REMATCH[1]}"$'\t'"${BASH_REMATCH[2]}"$'\t'"${BASH_REMATCH[3]}"
      found_acls+=("$line"$'\t'"$resource")
    else
      [[ $line =~ ^[[:blank:]]*$ ]] || fail "the list of ACLs is not understood: '${line:0:100}'"
    fi
  done <<<"$output"
}

# Makes the user, or changes its password, where it is not what its secret says.
put_user() {
  local user=$1 password iterations trouble
  if ! read_password "$user" "${user_ids[$user]}" "${user_keys[$user]}"; then
    if [[ $user == rollcall-* ]]; then troubles+=("$trouble"); else user_troubles[$user]=$trouble; fi
    return
  fi
  if ! node_agrees "$user"; then
    troubles+=("secret ${user_ids[$user]} has another password of $user than this node has: put the one before back, and raise security.generation for another")
    return
  fi
  local version=${secret_versions[${user_ids[$user]}]}
  [[ ${found_iterations[$user]-} != "$iterations" || ! ${user_applied[$user]} =~ ^(-|"$version")$ ]] || return 0
  ask "$config_command" --alter --entity-type users --entity-name "$user" --add-config-file <(scram_setting) >/dev/null ||
    fail "setting the password of user $user failed: $(complaint)"
  if [[ -n ${found_iterations[$user]-} ]]; then changed+=("user $user"); else created+=("user $user"); fi
}

# Whether password is the one that this node itself has of that user, if it is one that nodes log in as: were it set to another,
# no node could log in to the next any more, nor this one put it right.
node_agrees() {
  local path=$secrets_directory/${1#rollcall-}
  [[ $1 != rollcall-admin-* || ! -e $path ]] || printf '%s' "$password" | cmp -s - "$path"
}

# For --add-config-file, a file of properties: of password and iterations.
scram_setting() { printf 'SCRAM-SHA-512=iterations=%s,password=%s\n' "$iterations" "${password//\\/\\\\}"; }

remove_users() {
  local user mechanism
  for user in "${!found_mechanisms[@]}"; do
    [[ -z ${user_ids[$user]-}${kept[$user]-} ]] || continue
    # One at a time: Kafka does not alter a user twice in one request.
    for mechanism in ${found_mechanisms[$user]}; do
      ask "$config_command" --alter --entity-type users "--entity-name=$user" --delete-config "$mechanism" >/dev/null ||
        [[ $(complaint) == *ResourceNotFoundException* ]] || fail "removing user $user failed: $(complaint)"
    done
    removed+=("user $user")
  done
}

add_acls() {
  local missing
  mapfile -t missing < <(lines_without declared_acls found_acls)
  change_acls --add "${missing[@]}"
  mapfile -t -O "${#created[@]}" created < <(acl_words "${missing[@]}")
}

remove_acls() {
  local extra line fields undeclared
  mapfile -t undeclared < <(lines_without found_acls declared_acls)
  extra=()
  for line in "${undeclared[@]}"; do
    IFS=$'\t' read -ra fields <<<"$line"
    [[ -n ${kept[${fields[1]#User:}]-} ]] || extra+=("$line")
  done
  change_acls --remove "${extra[@]}"
  mapfile -t -O "${#removed[@]}" removed < <(acl_words "${extra[@]}")
}

# lines_without A B: what the first array has and the second has not, sorted.
lines_without() {
  local -n these=$1 those=$2
  comm -23 <(printf '%s\n' "${these[@]}" | sort -u) <(printf '%s\n' "${those[@]}" | sort -u) | grep .
}

# change_acls --add|--remove [line…]: with as few runs of the tool as there are ACLs alike in all but resource or principal.
change_acls() {
  local how=$1 permission host pattern operations resources principals each options order=r
  shift
  (($# > 0)) || return 0
  # A denial is there before what it is an exception to, and outlives it.
  [[ $how == --add ]] || order=
  while IFS=$'\t' read -r permission host pattern operations resources principals; do
    permission=${permission,,}
    options=(--force --resource-pattern-type "${pattern,,}" "--$permission-host=$host")
    while IFS= read -r -d $'\035' each; do options+=("--$permission-principal=$each"); done <<<"$principals"
    while IFS= read -r -d $'\035' each; do options+=(--operation "$each"); done <<<"$operations"
    while IFS= read -r -d $'\035' each; do options+=("--$each"); done <<<"$resources"
    ask "$acl_command" "$how" "${options[@]}" >/dev/null </dev/null || fail "changing ACLs ($how) failed: $(complaint)"
  done < <(printf '%s\n' "$@" | sort -s -t $'\t' -k "1,1$order" | group_acls)
}

# One line for each run: permission, host and pattern type, then operations and resources as the tool's options call them, and
# principals, each of these ended by \035; in the order of the input.
group_acls() {
  awk -F '\t' -v OFS='\t' '
    function operation(name,    i, parts, n, word) {
      n = split(name, parts, "_")
      for (i = 1; i <= n; i++) word = word substr(parts[i], 1, 1) tolower(substr(parts[i], 2))
      return word
    }
    function resource(type, name) {
      if (type == "CLUSTER") return "cluster"
      if (type == "USER") type = "user_principal"
      gsub(/_/, "-", type)
      return tolower(type) "=" name
    }
    {
      acl = $1 OFS $3 OFS $6 SUBSEP $2 SUBSEP resource($5, $7)
      if (!(acl in operations)) acls[++n] = acl
      operations[acl] = operations[acl] operation($4) "\035"
    }
    END {
      for (i = 1; i <= n; i++) {
        split(acls[i], of, SUBSEP)
        alike = of[1] OFS operations[acls[i]] SUBSEP of[2]
        if (!(alike in resources)) alikes[++m] = alike
        resources[alike] = resources[alike] of[3] "\035"
      }
      for (i = 1; i <= m; i++) {
        split(alikes[i], of, SUBSEP)
        run = of[1] OFS resources[alikes[i]]
        if (!(run in principals)) runs[++r] = run
        principals[run] = principals[run] of[2] "\035"
      }
      for (i = 1; i <= r; i++) print runs[i], principals[runs[i]]
    }'
}

# In words, one line for each principal and resource, e.g. `allow User:app describe,read on topic orders`.
acl_words() {
  (($# > 0)) || return 0
  printf '%s\n' "$@" | awk -F '\t' '
    {
      gsub(/_/, "-", $4)
      kind = tolower($5)
      gsub(/_/, "-", kind)
      begin = tolower($1) " " $2
      end = " on " kind " " $7 ($6 == "PREFIXED" ? "*" : "") ($3 == "*" ? "" : " from " $3)
      acl = begin SUBSEP end
      if (!(acl in operations)) { order[++n] = acl; first[acl] = begin; last[acl] = end }
      operations[acl] = operations[acl] (operations[acl] == "" ? " " : ",") tolower($4)
    }
    END { for (i = 1; i <= n; i++) print first[order[i]] operations[order[i]] last[order[i]] }'
}

access_json() {
  local user trouble versions='' unkept=''
  for user in "${users[@]}"; do
    if [[ -n ${user_troubles[$user]-} ]]; then
      trouble=$(without_secrets "${user_troubles[$user]}")
      unkept+=",$(json "$user"):$(json "${trouble:0:300}")"
    elif [[ -n ${secret_versions[${user_ids[$user]}]-} ]]; then
      versions+=",$(json "$user"):$(json "${secret_versions[${user_ids[$user]}]}")"
    fi
  done
  printf '"access":{"created":%s,"changed":%s,"removed":%s,"versions":{%s}%s}' "$(json_list "${created[@]}")" \
    "$(json_list "${changed[@]}")" "$(json_list "${removed[@]}")" "${versions#,}" "${unkept:+,\"troubles\":{${unkept#,}\}}"
}

# SSM keeps 24,000 characters of what a command prints.
json_list() {
  local each list='' count=0
  for each in "$@"; do
    ((count++ < 40)) || { list+=",$(json "and $(($# - 40)) more")"; break; }
    list+=",$(json "${each:0:160}")"
  done
  printf '[%s]' "${list#,}"
}

# ---- Kafka's own tools ------------------------------------------------------------------------------------------------

# kafka_tool SECONDS CLASS [argument…]: in a JVM that starts fast and stays small, in $home. What it says on stderr is kept
# for complaint.
kafka_tool() {
  local limit=$1
  shift
  (
    cd "$home" || exit
    # Kafka 3 logs by Log4j 1, Kafka 4 by Log4j 2.
    logging=-Dlog4j2.configurationFile=config/tools-log4j2.properties
    [[ ! -e config/tools-log4j.properties ]] || logging=-Dlog4j.configuration=file:config/tools-log4j.properties
    exec timeout -k 2 "$limit" java -Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto "$logging" \
      -Dorg.apache.kafka.automatic.config.providers=org.apache.kafka.common.config.provider.DirectoryConfigProvider \
      -cp "$kafka/libs/*" "$@"
  ) 2>"$complaints" 3>&-
}

# Sets what the tools are called in this node's Kafka.
name_tools() {
  local jar major=4 minor=3
  for jar in "$kafka"/libs/kafka-clients-*.jar; do
    [[ ! $jar =~ -([0-9]+)\.([0-9]+)\.[0-9]+\.jar$ ]] || major=${BASH_REMATCH[1]} minor=${BASH_REMATCH[2]}
  done
  config_command=kafka.admin.ConfigCommand
  acl_command=org.apache.kafka.tools.AclCommand
  ((major < 4 || major == 4 && minor < 4)) || config_command=org.apache.kafka.tools.ConfigCommand
  ((major >= 4)) || acl_command=kafka.admin.AclCommand
}

# Why a program failed, in one line.
complaint() { last_words "$(<"$complaints")"; }

# The end of a program's output that says why, in one line.
last_words() {
  local words text
  text=$(without_secrets "$1")
  words=$(grep -E 'Exception|Error|ERROR|FATAL|rror:|ailed' <<<"$text" | head -n 2 | tr '\n' ' ')
  [[ -n $words ]] || words=$(tail -n 2 <<<"$text" | tr '\n' ' ')
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
  access) access ;;
  *) fail "SSM_action must be configure, stop, status, verify or access; it is '${action:0:40}'" ;;
esac
