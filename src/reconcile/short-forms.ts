/**
 * Given names and the common short forms that are no beginning of them: people's own knowledge, small on purpose. What is
 * missing here costs a question, what is wrong here could give one person's account to another: no line has two persons'
 * usual names in it. Written as re-use.ts folds them: without accents, `ae`, `oe` and `ue` without the `e`.
 */
const groups = [
  'jan honza jenda jenik',
  'josef pepa jozka joe joseph',
  'frantisek franta',
  'vaclav vasek venca',
  'jiri jirka',
  'karel kaja',
  'tomas tom thomas tommy',
  'stanislav standa',
  'ladislav lada',
  'antonin tonda',
  'anthony antonio tony',
  'jaroslav jarda jarek',
  'miroslav mirek mira',
  'vladimir vlada',
  'jindrich jindra',
  'zdenek zdena',
  'petr peta',
  'katerina katka kate',
  'katherine catherine kate kathy cathy',
  'alzbeta bety betka',
  'elizabeth liz lizzie beth betty lisa',
  'barbora bara barca',
  'lucie lucka',
  'tereza terka',
  'veronika verca',
  'marketa marky',
  'magdalena lenka magda',
  'anna anne ann annie anicka',
  'robert bob bobby rob',
  'william bill billy will liam',
  'richard dick rick ricky',
  'james jim jimmy jamie',
  'john johnny jack',
  'michal mike mick mickey',
  'margaret peggy maggie meg',
  'edward ted teddy ed eddie',
  'charles chuck charlie',
  'henry harry hank',
  'alexander sasa sasha',
  'alexandra sasa sasha',
  'francisco paco pancho curro',
  'jose pepe',
  'ignacio nacho',
  'guadalupe lupe',
  'johannes johann hans',
  'friedrich fritz',
].map((line) => new Set(line.split(' ')));

/** The groups of forms of one name that this one belongs to. */
export function shortFormsOf(name: string): readonly ReadonlySet<string>[] {
  return groups.filter((group) => group.has(name));
}
