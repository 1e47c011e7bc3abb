// SPDX-License-Identifier: GPL-3.0-or-later
// node compile_job.js JOBTYPE.js SETTINGS.json: the job that the type makes, as JSON, by a stand-in
// for Flamenco's author API. Anything the API does not have is an error.
const fs = require("fs");
const vm = require("vm");

const tasks = [];
class Task {
  constructor(name, type) {
    Object.assign(this, { name, type, commands: [], dependencies: [] });
  }
  addCommand(command) {
    this.commands.push(command);
  }
  addDependency(task) {
    this.dependencies.push(task.name);
  }
}
function made(name, parameters, totalStepCount) {
  if (typeof name !== "string" || typeof parameters !== "object") throw new Error("no command");
  return { name, parameters, totalStepCount };
}
const author = {
  Task: (name, type) => new Task(name, type),
  Command: made,
};
const job = {
  settings: JSON.parse(fs.readFileSync(process.argv[3], "utf8")),
  addTask: (task) => {
    for (const name of task.dependencies) {
      if (!tasks.some((other) => other.name === name)) throw new Error(`${name} is added later`);
    }
    tasks.push(task);
  },
};
const context = vm.createContext({ author, print: () => {}, alert: () => {} });
const code = fs.readFileSync(process.argv[2], "utf8") + "\n;({ JOB_TYPE, compileJob })";
const type = vm.runInContext(code, context);
const settings = {};
for (const setting of type.JOB_TYPE.settings) {
  if ("default" in setting) settings[setting.key] = setting.default;
}
job.settings = { ...settings, ...job.settings };
type.compileJob(job);
process.stdout.write(JSON.stringify({ type: type.JOB_TYPE, tasks }));
