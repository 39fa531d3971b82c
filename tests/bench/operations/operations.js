// Every operation that is measured in a page, in the order of the results.
import { burst } from "./burst.js";
import { coldOpen } from "./cold-open.js";
import { filter } from "./filter.js";
import { floors } from "./floors.js";
import { frequent } from "./frequent.js";
import { ingest } from "./ingest.js";
import { relaxed, strict } from "./live.js";
import { pageThread } from "./page-thread.js";
import { rareCold, rareWarm } from "./rare.js";
import { reactFeed } from "./react-feed.js";
import { replay } from "./replay.js";
import { scenarios } from "./scenarios.js";
import { subscribers } from "./subscribers.js";

/**
 * `start` is what there is when it starts:
 * - `fill`: an empty profile; what the first round stores is read by the next two
 * - `cold`: that profile, none of its files in the system's cache, a new process
 * - `warm`: that profile, all of its files in the system's cache, a new process
 * - `empty`: an origin without data, in a process that goes on
 */
export const OPERATIONS = {
  "live-relaxed": relaxed,
  "live-strict": strict,
  burst,
  ingest,
  "cold-open": coldOpen,
  replay,
  "rare-cold": rareCold,
  "rare-warm": rareWarm,
  frequent,
  filter,
  scenarios,
  subscribers,
  "page-thread": pageThread,
  "react-feed": reactFeed,
  floors,
};
