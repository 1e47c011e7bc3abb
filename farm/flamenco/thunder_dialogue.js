// SPDX-License-Identifier: GPL-3.0-or-later
// Flamenco job type: a list of dialogue lines becomes takes and scenes, one shard a task, then one
// report. Put it into `scripts/` beside flamenco-manager. See README.md in this folder.

const KINDS = "npz, csv, json, meter, meter.csv, blend, takes, gltf, abc, usd, mp4";
// Python, evaluated by Flamenco's add-on: the lines of a csv, the objects of a json, or the files of a
// folder, over the lines of a task.
const COUNT = [
  "(lambda path, each: max(1, -(-(",
  "len(list(path.rglob('*.*'))) if path.is_dir() else",
  "0 if not path.is_file() else",
  "path.read_text('utf-8').count('\"audio\"') if path.suffix.lower() == '.json' else",
  "len(path.read_text('utf-8').splitlines()) - 1",
  ") // each)))(abspath(settings.line_list), max(1, settings.lines_per_task))",
].join(" ");

const JOB_TYPE = {
  label: "THUNDER Dialogue",
  description: "Perform a list of dialogue lines and report on them, worst first",
  settings: [
    {
      key: "line_list",
      type: "string",
      subtype: "file_path",
      required: true,
      description: "csv or json list of lines, or a folder of sounds",
    },
    {
      key: "results",
      type: "string",
      subtype: "dir_path",
      required: true,
      description: "Folder of the results; the same one again goes on with what is missing",
    },
    {
      key: "outputs",
      type: "string",
      default: "npz,blend",
      description: "Outputs of lines that name none: " + KINDS,
    },
    {
      key: "lines_per_task",
      type: "int32",
      default: 25,
      propargs: { min: 1, max: 10000 },
      visible: "submission",
      description: "About how many lines one task performs",
    },
    {
      key: "tasks",
      type: "int32",
      default: 8,
      propargs: { min: 1, max: 100000 },
      eval: COUNT,
      evalInfo: { showLinkButton: true, description: "Number of lines over lines per task" },
      description: "Shards of the list; a line stays in its shard when others are added",
    },
    {
      key: "best_of",
      type: "int32",
      default: 1,
      propargs: { min: 1, max: 64 },
      description: "Seeds tried for each line, of which the best is kept",
    },
    {
      key: "min_meter",
      type: "float",
      default: 0.0,
      propargs: { min: 0.0, max: 1.0 },
      description: "Further seeds are tried for lines below this meter",
    },
    {
      key: "python",
      type: "string",
      default: "",
      description: "For npz, csv and json without Blender: the engine's Python",
    },
    {
      key: "run_batch",
      type: "string",
      subtype: "file_path",
      default: "",
      description: "With Python: farm/run_batch.py as the workers see it",
    },
    {
      key: "template",
      type: "string",
      subtype: "file_path",
      default: "",
      description: "Template scene of lines that name none, as workers see it; empty: a new head",
    },
    { key: "stop_on_failed_lines", type: "bool", default: false, description: "A failed line fails its task" },
  ],
};

function compileJob(job) {
  const settings = job.settings;
  check(settings);
  const report = reportTask(settings);
  for (let number = 1; number <= settings.tasks; number++) {
    const task = shardTask(settings, number);
    report.addDependency(task);
    job.addTask(task);
  }
  job.addTask(report); // after those it waits for
}

function check(settings) {
  if (!settings.line_list || !settings.results) {
    throw new Error("Name the list of lines and the folder of the results.");
  }
  if (!(settings.tasks >= 1)) {
    throw new Error("The number of tasks must be 1 or more.");
  }
  if (Boolean(settings.python) !== Boolean(settings.run_batch)) {
    throw new Error("Python and run_batch belong together: give both or neither.");
  }
}

function shardTask(settings, number) {
  const shard = `${number}/${settings.tasks}`;
  const task = author.Task(`lines-${number}-of-${settings.tasks}`, taskType(settings));
  const words = ["--shard", shard, "--no-report"];
  if (!settings.stop_on_failed_lines) {
    words.push("--failed-lines-ok");
  }
  task.addCommand(command(settings, "batch", words, Math.max(1, settings.lines_per_task)));
  return task;
}

// A line that failed stands in the report; it must not keep the report from being written.
function reportTask(settings) {
  const task = author.Task("report", taskType(settings));
  task.addCommand(command(settings, "report", ["--failed-lines-ok"], 1));
  return task;
}

function taskType(settings) {
  return settings.python ? "misc" : "blender";
}

function command(settings, verb, words, steps) {
  const args = [verb, settings.line_list, "--out", settings.results, "--outputs", settings.outputs];
  args.push("--best-of", `${settings.best_of}`, "--min-meter", `${settings.min_meter}`, ...words);
  if (settings.python) {
    return author.Command("exec", { exe: settings.python, args: [settings.run_batch, ...args] }, steps);
  }
  return author.Command(
    "blender-render",
    {
      exe: "{blender}",
      exeArgs: "{blenderArgs}",
      argsBefore: ["--python-exit-code", "1"],
      blendfile: settings.template,
      args: ["--command", "thunder_blender", ...args],
    },
    steps,
  );
}
