/** Files beside the configuration whose mere presence asks the running node for something. */
import { existsSync, rmSync } from "node:fs";

/** What to do when a file is there, by what its name ends in (`config.ini.append_group` ends in `append_group`). */
export type SignalHandlers = Readonly<Record<string, () => void | Promise<void>>>;

/** A running watch. */
export interface SignalWatch {
  close(): void;
}

/** A look costs microseconds for each name; five a second are felt as at once, and nobody notices them otherwise. */
const LOOK_INTERVAL_MS = 200;

/**
 * Looks for the files. One that is there is removed first and handled then, so that a file which comes while the former
 * is being handled is not missed. One that cannot be removed is handled once and no more until it is gone.
 *
 * @param options.onError a handler failed, or the file cannot be removed
 */
export function watchSignalFiles(options: {
  /** Path of the configuration file. */
  readonly configFile: string;
  readonly handlers: SignalHandlers;
  readonly onError: (file: string, error: unknown) => void;
  readonly intervalMs?: number;
}): SignalWatch {
  const { configFile, handlers, onError, intervalMs = LOOK_INTERVAL_MS } = options;
  const stuck = new Set<string>();
  const busy = new Set<string>();

  async function handle(file: string, handler: SignalHandlers[string]): Promise<void> {
    busy.add(file);
    try {
      await handler();
    } catch (error) {
      onError(file, error);
    } finally {
      busy.delete(file);
    }
  }

  function look(): void {
    for (const [name, handler] of Object.entries(handlers)) {
      const file = `${configFile}.${name}`;
      if (busy.has(file)) continue;
      if (!existsSync(file)) {
        stuck.delete(file);
        continue;
      }
      if (stuck.has(file)) continue;
      try {
        rmSync(file);
      } catch (error) {
        stuck.add(file);
        onError(file, error);
      }
      void handle(file, handler);
    }
  }

  const timer = setInterval(look, intervalMs);
  return {
    close: () => {
      clearInterval(timer);
    },
  };
}
