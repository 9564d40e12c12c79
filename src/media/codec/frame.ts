/** Sound goes by frames of this length through a media thread, at whatever rate. */
export const frameMs = 20;

/** The rate of a telephone line, at which whatever listens for something listens; and a frame of it. */
export const sampleRateHz = 8000;
export const frameSamples = 160;
