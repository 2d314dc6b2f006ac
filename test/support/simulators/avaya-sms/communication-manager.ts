/** A skill of an agent: the number of the hunt group, and how well the agent knows it (1 is best). */
export type AgentSkill = { readonly number: string; readonly level: string };

/**
 * One agent-loginID as Communication Manager keeps it. Names of fields are those of the service's WSDL; a value that is
 * not here is blank. Everything is text, as in the service itself.
 */
export type AvayaAgent = {
  readonly Name: string;
  /** Where the agent is staffed now; blank reads as `unstaffed`. */
  readonly Extension?: string;
  /** `y`: not a person but an automatic answering system. */
  readonly AAS?: string;
  readonly COR?: string;
  readonly TN?: string;
  readonly Attribute?: string;
  readonly Native_Name_1?: string;
  readonly Native_Name_2?: string;
  readonly Native_Name_Scripts?: string;
  readonly skills?: readonly AgentSkill[];
};

/** One hunt group; a skill where `Skill` is `y`. */
export type AvayaHuntGroup = {
  readonly Group_Name: string;
  readonly Group_Extension?: string;
  readonly Group_Type?: string;
  readonly ACD?: string;
  readonly Queue?: string;
  readonly Skill?: string;
};

/** What is administered in a Communication Manager; change it at any time, and the next call sees it. */
export type CommunicationManager = {
  /** By login id; the service lists them in the order of their ids. */
  readonly agents: Map<string, AvayaAgent>;
  /** By group number. */
  readonly huntGroups: Map<string, AvayaHuntGroup>;
};

/** A field of an object as the service answers it: text, or an array whose elements have positions from 1. */
type FieldValue = string | readonly string[];
type Fields = Readonly<Record<string, FieldValue>>;

/** One object of an answer: its element and its fields in order. */
export type AnsweredObject = { readonly model: Model; readonly fields: readonly (readonly [string, FieldValue])[] };

/** The models that the simulator knows. */
export type Model = 'Agent' | 'HuntGroup';

/** A model is asked for by its name; which of its fields, by empty elements inside (none: all of them). */
export type Asked = {
  readonly model: Model;
  readonly operation: 'list' | 'display';
  readonly qualifier: string;
  readonly fields: readonly string[];
};

/** What the CM says to a command: objects, or its refusal in words. */
export type CommandResult =
  { readonly objects: readonly AnsweredObject[] } | { readonly refused: string; readonly resultCode: number };

/** What the screen `list agent-loginID` shows; only `display` answers the rest. */
const AGENT_LIST_FIELDS = ['Login_ID', 'Name', 'Extension', 'AAS', 'COR', 'SN', 'SL'];
const NOT_ASSIGNED = 4;
const BAD_QUALIFIER = 2;

/** Carries out a command as the SAT would. */
export function carryOut(cm: CommunicationManager, asked: Asked): CommandResult {
  return asked.operation === 'list' ? list(cm, asked) : display(cm, asked);
}

function list(cm: CommunicationManager, asked: Asked): CommandResult {
  const words = /^(?:(\d+)(?:\s+|$))?(?:count\s+(\d+))?$/.exec(asked.qualifier);
  if (words === null) return { refused: `"${asked.qualifier}" is an invalid entry`, resultCode: BAD_QUALIFIER };
  const [, startingAt, count] = words;
  const ids = idsOf(cm, asked.model).filter((id) => startingAt === undefined || compareIds(id, startingAt) >= 0);
  const wanted = count === undefined ? ids : ids.slice(0, Number(count));
  return { objects: wanted.map((id) => answered(asked, listed(asked.model, fieldsOf(cm, asked.model, id)))) };
}

function display(cm: CommunicationManager, asked: Asked): CommandResult {
  if (!idsOf(cm, asked.model).includes(asked.qualifier)) {
    return { refused: `${asked.qualifier} Identifier not assigned`, resultCode: NOT_ASSIGNED };
  }
  return { objects: [answered(asked, fieldsOf(cm, asked.model, asked.qualifier))] };
}

function idsOf(cm: CommunicationManager, model: Model): string[] {
  return [...(model === 'Agent' ? cm.agents : cm.huntGroups).keys()].sort(compareIds);
}

/** Extensions sort as a dial plan does: shorter ones first. */
function compareIds(one: string, other: string): number {
  return one.length - other.length || (one < other ? -1 : Number(one > other));
}

function fieldsOf(cm: CommunicationManager, model: Model, id: string): Fields {
  if (model === 'HuntGroup') return { Group_Number: id, ...cm.huntGroups.get(id) };
  const { skills = [], ...fields } = cm.agents.get(id) ?? { Name: '' };
  return {
    Login_ID: id,
    AAS: 'n',
    COR: '1',
    TN: '1',
    ...fields,
    Extension: fields.Extension ?? 'unstaffed',
    SN: skills.map(({ number }) => number),
    SL: skills.map(({ level }) => level),
  };
}

function listed(model: Model, fields: Fields): Fields {
  if (model === 'HuntGroup') return fields;
  return Object.fromEntries(Object.entries(fields).filter(([name]) => AGENT_LIST_FIELDS.includes(name)));
}

function answered(asked: Asked, fields: Fields): AnsweredObject {
  const wanted = asked.fields.length === 0 ? Object.keys(fields) : asked.fields.filter((name) => name in fields);
  return { model: asked.model, fields: wanted.map((name) => [name, fields[name] ?? ''] as const) };
}
