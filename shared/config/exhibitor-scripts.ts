/** What Exhibitor needs around it on a node, as bash. */

/**
 * Lays out what Exhibitor takes for an installed ZooKeeper, below the data directory, which the unit's user may write to; starts
 * Exhibitor, and ends both it and the member when the unit is stopped: Exhibitor by itself leaves the member running.
 */
export const LAUNCHER = `#!/bin/bash
# exhibitor.sh <the node's home> <Kafka's home> <Exhibitor's home>
set -u
home=$1 kafka=$2 exhibitor_home=$3
install=$home/data/exhibitor
mkdir -p "$install/bin" "$install/conf" "$install/prefs" || exit 1
ln -sfn "$kafka/libs" "$install/lib" || exit 1
# It looks for this jar at the top, where ZooKeeper had it up to 3.4.
for jar in "$kafka"/libs/zookeeper-[0-9]*.jar; do ln -sfn "$jar" "$install/\${jar##*/}"; done
install -m 0755 "$home/config/zkServer.sh" "$install/bin/zkServer.sh" || exit 1
sed "s|@HOME@|$home|g" "$home/config/exhibitor.properties" >"$install/defaults" || exit 1
# It kills the first ZooKeeper that jps shows, whosesoever that is: so it is shown this one alone, and needs no JDK.
printf '#!/bin/bash\\nexec "%s" show\\n' "$install/bin/zkServer.sh" >"$install/bin/jps" && chmod 0755 "$install/bin/jps" || exit 1
PATH=$install/bin:$PATH java -Xmx96m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 @LOGGING@ -cp "$exhibitor_home/libs/*" \\
  com.netflix.exhibitor.application.ExhibitorMain --prefspath "$install/prefs/exhibitor" --defaultconfig "$install/defaults" \\
  @ARGUMENTS@ &
exhibitor=$!
trap 'kill "$exhibitor"' TERM INT
# The first wait ends with the signal, the second with Exhibitor.
wait "$exhibitor"
wait "$exhibitor"
status=$?
"$install/bin/zkServer.sh" stop
exit "$status"
`;

/**
 * What Exhibitor calls to start and stop the member. A process counts only while it is this ZooKeeper: not a zombie, nor another
 * by the same number. What Exhibitor's REST interface can set, \`java-environment\`, is not read: it would be run.
 */
export const MEMBER_CONTROL = `#!/bin/bash
# zkServer.sh start|stop|show
install=$(cd "$(dirname "$0")/.." && pwd) || exit 1
home=\${install%/data/exhibitor}
main=org.apache.zookeeper.server.quorum.QuorumPeerMain
member() {
  local pid=
  [[ -r $install/pid ]] && read -r pid <"$install/pid"
  [[ -n $pid && $(tr '\\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") == *" $main $install/conf/zoo.cfg "* ]] && printf '%s' "$pid"
}
case $1 in
  start)
    ! member >/dev/null || exit 1
    cd "$home" || exit 1
    java @FLAGS@ -cp "$install/lib/*" "$main" "$install/conf/zoo.cfg" </dev/null >>"$home/logs/zookeeper.out" 2>&1 &
    printf '%s\\n' "$!" >"$install/pid"
    ;;
  stop)
    while pid=$(member); do
      kill "$pid"
      sleep 0.2
    done
    rm -f "$install/pid"
    ;;
  show) ! pid=$(member) || printf '%s QuorumPeerMain\\n' "$pid" ;;
esac
`;
