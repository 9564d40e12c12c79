export { type AgentActivity, type AgentState, type AgentStates, type AgentStateStore, loadAgentStates } from "./agent-states.ts";
