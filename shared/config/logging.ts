/**
 * Log4j 2 for Kafka, which brings no configuration of its own where it runs from bare jars: everything goes to a rolling
 * file below the node's home, bounded in size; errors go to the journal too, where an operator looks first.
 */
import { formatProperties } from "./properties.ts";

const PATTERN = "[%d{ISO8601}] %p %m (%c)%n";

export function loggingProperties(): string {
  return formatProperties({
    "appender.console.filter.threshold.level": "error",
    "appender.console.filter.threshold.type": "ThresholdFilter",
    "appender.console.layout.pattern": PATTERN,
    "appender.console.layout.type": "PatternLayout",
    "appender.console.name": "console",
    "appender.console.type": "Console",
    "appender.file.fileName": "logs/server.log",
    "appender.file.filePattern": "logs/server.log.%i",
    "appender.file.layout.pattern": PATTERN,
    "appender.file.layout.type": "PatternLayout",
    "appender.file.name": "file",
    "appender.file.policies.size.size": "20MB",
    "appender.file.policies.size.type": "SizeBasedTriggeringPolicy",
    "appender.file.policies.type": "Policies",
    "appender.file.strategy.max": "5",
    "appender.file.strategy.type": "DefaultRolloverStrategy",
    "appender.file.type": "RollingFile",
    "rootLogger.appenderRef.console.ref": "console",
    "rootLogger.appenderRef.file.ref": "file",
    "rootLogger.level": "info",
    shutdownHook: "disable",
    status: "error",
  });
}

/** The same for Kafka's command line tools: warnings and errors, to stderr. */
export function toolLoggingProperties(): string {
  return formatProperties({
    "appender.console.layout.pattern": "%p %m (%c)%n",
    "appender.console.layout.type": "PatternLayout",
    "appender.console.name": "console",
    "appender.console.target": "SYSTEM_ERR",
    "appender.console.type": "Console",
    "rootLogger.appenderRef.console.ref": "console",
    "rootLogger.level": "warn",
    status: "error",
  });
}
