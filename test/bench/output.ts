/** Says on stderr what a bench is doing. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Prints figures on stdout: for programs one JSON object, for people a line each. */
export function print(figures: Readonly<Record<string, unknown>>, json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(figures)}\n`);
    return;
  }
  const lines = flatten(figures, '');
  const width = Math.max(...lines.map(([name]) => name.length));
  for (const [name, text] of lines) process.stdout.write(`${name.padEnd(width)}  ${text}\n`);
}

function flatten(value: Readonly<Record<string, unknown>>, prefix: string): [name: string, text: string][] {
  return Object.entries(value).flatMap(([key, each]): [string, string][] => {
    const name = `${prefix}${key}`;
    if (typeof each === 'object' && each !== null && !Array.isArray(each))
      return flatten(each as Record<string, unknown>, `${name}.`);
    return [[name, Array.isArray(each) ? each.join(' ') : String(each)]];
  });
}

/** Rounded to `digits` behind the point. */
export function rounded(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}
