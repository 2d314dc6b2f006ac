import type { Finding } from '../../src/connector-kit/check-report.ts';

/** Kerberos tolerates 5 minutes by default (MS-KILE 3.3.1); whoever is half-way there should know. */
const tolerableMs = 120_000;

/** What the clock of a domain controller says against this machine's, which was read before and after it (milliseconds since 1970). */
export function describeClock(timeMs: number | undefined, askedMs: number, answeredMs: number): Finding {
  if (timeMs === undefined) {
    return {
      detail: 'the domain controller does not tell its time (currentTime)',
      remedy: 'compare its clock with that of this machine by hand',
    };
  }
  // currentTime has whole seconds.
  const offMs = timeMs > answeredMs ? timeMs - answeredMs : Math.min(0, timeMs + 999 - askedMs);
  if (Math.abs(offMs) <= tolerableMs) {
    return { detail: `the clocks differ by ${Math.round(Math.abs(offMs) / 1_000)} s` };
  }
  const direction = offMs > 0 ? 'ahead of' : 'behind';
  return {
    detail: `the clock of the domain controller is ${duration(Math.abs(offMs))} ${direction} that of this machine: from 5 minutes on Kerberos refuses log-ins, certificates can seem expired or not yet valid, and times in the history are not those of the directory`,
    remedy:
      'let both follow the same time server: `timedatectl` here; `w32tm /query /status`, then `w32tm /resync`, on a Windows domain controller, `chronyc tracking` on a Samba one',
  };
}

function duration(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
