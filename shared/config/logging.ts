/**
 * Logging of Kafka and ZooKeeper, which bring no configuration of their own where they run from bare jars: everything goes to a
 * rolling file below the node's home, bounded in size; errors go to the journal too, where an operator looks first.
 *
 * Kafka 4 logs by Log4j 2. Kafka 3.9's archive, which the ZooKeeper ensemble runs from too, has Log4j 1 (reload4j).
 */
import type { Mode } from "../cluster/definition.ts";
import { formatProperties } from "./properties.ts";

export interface Logging {
  readonly path: string;
  readonly content: string;
  /** What the JVM is told where that file is. */
  readonly flag: string;
}

/** Of the servers. */
export function serverLogging(mode: Mode): Logging {
  return mode === "kraft"
    ? log4j2("config/log4j2.properties", log4j2Server())
    : log4j1File("config/log4j.properties", FILE);
}

/** Of Kafka's command line tools: warnings and errors, to stderr. */
export function toolLogging(mode: Mode): Logging {
  return mode === "kraft"
    ? log4j2("config/tools-log4j2.properties", log4j2Tools())
    : log4j1("config/tools-log4j.properties", log4j1Tools());
}

function log4j2(path: string, settings: Record<string, string>): Logging {
  return { path, content: formatProperties(settings), flag: `-Dlog4j2.configurationFile=${path}` };
}

function log4j1(path: string, settings: Record<string, string>): Logging {
  return { path, content: formatProperties(settings), flag: `-Dlog4j.configuration=file:${path}` };
}

/** A server's by Log4j 1, for one that is beside another: with a file of its own. */
export function log4j1File(path: string, file: string): Logging {
  return log4j1(path, log4j1Server(file));
}

const PATTERN = "[%d{ISO8601}] %p %m (%c)%n";
const TOOL_PATTERN = "%p %m (%c)%n";
const FILE = "logs/server.log";
/** The file's own and the older ones', five of them. */
const FILE_SIZE = "20MB";
const OLDER_FILES = "5";

function log4j2Server(): Record<string, string> {
  return {
    "appender.console.filter.threshold.level": "error",
    "appender.console.filter.threshold.type": "ThresholdFilter",
    "appender.console.layout.pattern": PATTERN,
    "appender.console.layout.type": "PatternLayout",
    "appender.console.name": "console",
    "appender.console.type": "Console",
    "appender.file.fileName": FILE,
    "appender.file.filePattern": `${FILE}.%i`,
    "appender.file.layout.pattern": PATTERN,
    "appender.file.layout.type": "PatternLayout",
    "appender.file.name": "file",
    "appender.file.policies.size.size": FILE_SIZE,
    "appender.file.policies.size.type": "SizeBasedTriggeringPolicy",
    "appender.file.policies.type": "Policies",
    "appender.file.strategy.max": OLDER_FILES,
    "appender.file.strategy.type": "DefaultRolloverStrategy",
    "appender.file.type": "RollingFile",
    "rootLogger.appenderRef.console.ref": "console",
    "rootLogger.appenderRef.file.ref": "file",
    "rootLogger.level": "info",
    shutdownHook: "disable",
    status: "error",
  };
}

function log4j2Tools(): Record<string, string> {
  return {
    "appender.console.layout.pattern": TOOL_PATTERN,
    "appender.console.layout.type": "PatternLayout",
    "appender.console.name": "console",
    "appender.console.target": "SYSTEM_ERR",
    "appender.console.type": "Console",
    "rootLogger.appenderRef.console.ref": "console",
    "rootLogger.level": "warn",
    status: "error",
  };
}

const CONSOLE = "log4j.appender.console";
const ROLLING = "log4j.appender.file";

function log4j1Server(file: string): Record<string, string> {
  return {
    "log4j.rootLogger": "INFO, console, file",
    [CONSOLE]: "org.apache.log4j.ConsoleAppender",
    [`${CONSOLE}.Threshold`]: "ERROR",
    [`${CONSOLE}.layout`]: "org.apache.log4j.PatternLayout",
    [`${CONSOLE}.layout.ConversionPattern`]: PATTERN,
    [ROLLING]: "org.apache.log4j.RollingFileAppender",
    [`${ROLLING}.File`]: file,
    [`${ROLLING}.MaxFileSize`]: FILE_SIZE,
    [`${ROLLING}.MaxBackupIndex`]: OLDER_FILES,
    [`${ROLLING}.layout`]: "org.apache.log4j.PatternLayout",
    [`${ROLLING}.layout.ConversionPattern`]: PATTERN,
  };
}

function log4j1Tools(): Record<string, string> {
  return {
    "log4j.rootLogger": "WARN, console",
    [CONSOLE]: "org.apache.log4j.ConsoleAppender",
    [`${CONSOLE}.Target`]: "System.err",
    [`${CONSOLE}.layout`]: "org.apache.log4j.PatternLayout",
    [`${CONSOLE}.layout.ConversionPattern`]: TOOL_PATTERN,
  };
}
