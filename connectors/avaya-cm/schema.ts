import { z } from 'zod';

/** Of a whole answer it is 0. */
export const resultCode = z
  .string()
  .trim()
  .regex(/^-?\d{1,9}$/)
  .transform(Number);

/**
 * A login id as text, with its leading zeros. It is an extension of the dial plan; without spaces it is one word of a
 * command, so that an id cannot become another command.
 */
export const loginId = z
  .string()
  .transform((text) => text.normalize('NFC').trim())
  .pipe(z.string().regex(/^[^\s\p{C}\ufffd]{1,64}$/u));

/** Fields of an agent that `list` has, as far as is known: what the SAT screen shows. */
export const listFields = [
  'Login_ID',
  'Name',
  'Direct_Agent_Skill',
  'AAS',
  'AUDIX',
  'COR',
  'Call_Handling_Preference',
  'Service_Objective',
] as const;

/** Fields of the service's WSDL that only `display` has. What is missing here is never read: passwords and where the agent sits. */
export const displayFields = [
  'TN',
  'Coverage_Path',
  'Check_skill_TNs_to_match_agent_TN',
  'Include_Tenant_Calling_Permissions',
  'LWC_Reception',
  'LWC_Log_External_Calls',
  'Attribute',
  'AUDIX_Name_for_Messaging',
  'Hears_Service_Observing_Tone',
  'Login_ID_For_ISDN_Display',
  'Auto_Answer',
  'MIA_Across_Skills',
  'ACW_Agent_Considered_Idle',
  'Aux_Work_Reason_Code_Type',
  'Logout_Reason_Code_Type',
  'Maximum_Time_In_ACW_Before_Logout',
  'Direct_Agent_Calls_First',
  'Local_Call_Preference',
  'Forced_Agent_Logout_Time_Hr',
  'Forced_Agent_Logout_Time_Min',
  'Native_Name_Scripts',
] as const;

/** The pieces of the native name. */
export const nativeNameFields = [
  'Native_Name_1',
  'Native_Name_2',
  'Native_Name_3',
  'Native_Name_4',
  'Native_Name_5',
] as const;
