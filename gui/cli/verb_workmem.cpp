// palloscope workmem: what a server may take at the worst, and what one sort, hash join or hash aggregate takes. Each
// form has its own options, and refuses those of the others.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <ostream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/nearest_word.h"
#include "gui/cli/arguments.h"
#include "gui/cli/progress.h"
#include "gui/cli/workmem_report.h"
#include "trace/importers/explain_plan.h"

namespace palloscope::gui::cli {
namespace {

using core::OperationKind;

// --- the forms and what belongs to each -------------------------------------------------------------------------

enum FormBit : unsigned { kWorst = 1, kSort = 2, kJoin = 4, kAggregate = 8, kTrials = kSort | kJoin | kAggregate };

struct Form {
  FormBit bit;
  std::string_view word, noun;
  const char* about;
  const char* example;
  std::vector<std::string_view> settings;  // that it depends on; none: see server_setting_names and the GUCs
};

const std::vector<Form>& forms() {
  static const std::vector<Form> all = {
      {kWorst,
       "worst",
       "the worst case",
       "Works out what a server may take at the worst: connections, their operations under work_mem, workers,\n"
       "temp_buffers, autovacuum, shared memory.\n"
       "Or tries one operation; each has a page of its own: palloscope workmem sort --help, workmem join --help,\n"
       "workmem aggregate --help.",
       "palloscope workmem --set work_mem=64MB --set max_connections=200 --plan plan.json",
       {}},
      {kSort,
       "sort",
       "a sort",
       "Tries one sort of made-up rows: what it takes, and when it decides to spill.",
       "palloscope workmem sort --rows 20000 --width 37 --pg 17 --set work_mem=64kB",
       {"work_mem"}},
      {kJoin,
       "join",
       "a hash join",
       "Tries one hash join of made-up rows: its buckets and batches, what it takes, and when it spills.",
       "palloscope workmem join --rows 20000 --width 4 --pg 18 --set work_mem=64kB --planned-rows 1000",
       {"work_mem", "hash_mem_multiplier"}},
      {kAggregate,
       "aggregate",
       "a hash aggregate",
       "Tries one hash aggregate of made-up rows: its groups and batches, what it takes, and when it spills.",
       "palloscope workmem aggregate --rows 100000 --distinct 5000 --set work_mem=64kB",
       {"work_mem", "hash_mem_multiplier"}},
  };
  return all;
}

struct OptionOfForms {
  std::string_view name;
  unsigned forms;
};
constexpr OptionOfForms kOptions[] = {
    {"--plan", kWorst},
    {"--base", kWorst},
    {"--rows", kTrials},
    {"--width", kTrials},
    {"--order", kSort},
    {"--limit", kSort},
    {"--column", kSort},
    {"--frequent", kJoin},
    {"--distinct", kJoin | kAggregate},
    {"--planned-rows", kJoin | kAggregate},
    {"--planned-width", kJoin | kAggregate},
};

// The form is the first word that is neither an option nor an option's value; none: the worst case.
core::Result<const Form*> take_form(std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word.starts_with('-')) {
      if (word != "-h" && word != "--help" && word.find('=') == std::string::npos) ++i;
      continue;
    }
    for (const Form& form : forms())
      if (form.word == word) {
        words.erase(words.begin() + static_cast<std::ptrdiff_t>(i));
        return &form;
      }
    return core::Error{core::ErrorCode::BadArgument,
                       fmt::format("there is no \"{}\"; it takes worst, sort, join or aggregate", word)};
  }
  return &forms().front();
}

// Why an option of another form does not stand here; empty: there is none.
std::string foreign_option(const Form& form, const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    const std::string_view name = std::string_view(word).substr(0, word.find('='));
    const auto* option =
        std::find_if(std::begin(kOptions), std::end(kOptions), [&](const auto& o) { return o.name == name; });
    if (option == std::end(kOptions) || (option->forms & form.bit) != 0) continue;
    std::vector<std::string_view> owners;
    for (const Form& other : forms())
      if ((option->forms & other.bit) != 0) owners.push_back(other.word);
    return fmt::format("{} says nothing of {}: it is for workmem {}", name, form.noun, fmt::join(owners, ", "));
  }
  return "";
}

void describe(Usage& usage, const Form& form, WorkmemWish& wish) {
  core::TrialSpec& trial = wish.trial;
  const auto has = [&](std::string_view name) {
    return std::any_of(std::begin(kOptions), std::end(kOptions),
                       [&](const auto& option) { return option.name == name && (option.forms & form.bit) != 0; });
  };
  std::vector<std::string_view> settings = form.settings;
  if (settings.empty()) settings.assign(core::server_setting_names().begin(), core::server_setting_names().end());
  usage.add("--pg", &trial.major, "the server's version").within(15, 18).shows_default();
  usage
      .add("--set", &wish.assignments,
           fmt::format("a setting, as in postgresql.conf; may be given again. Settings: {}{}",
                       fmt::join(settings, ", "), form.bit == kWorst ? ", and those of palloscope shmem" : ""))
      .takes("NAME=VALUE")
      .one_value_each();
  usage.add("--format", &wish.format, "how it is written").one_of({"text", "csv", "json"}).shows_default();
  if (has("--plan"))
    usage.add("--plan", &wish.plan_file, "a plan as EXPLAIN (ANALYZE, FORMAT JSON) prints it; left out: a common one")
        .takes("FILE");
  if (has("--base"))
    usage.add("--base", &wish.base, "memory of a backend that does nothing, up to 1TB").takes("SIZE").shows_default();
  if (has("--rows"))
    usage.add("--rows", &trial.rows, form.bit == kJoin ? "rows of the inner side" : "rows that come in")
        .within(0, core::kMostTrialRows)
        .shows_default();
  if (has("--width"))
    usage.add("--width", &trial.width, "bytes of a row's columns, without its header of 16")
        .within(1, core::kWidestTrialRow)
        .shows_default();
  if (has("--order"))
    usage.add("--order", &wish.order, "the order in which rows come")
        .one_of({"random", "ascending", "descending"})
        .shows_default();
  if (has("--limit")) usage.add("--limit", &trial.bound, "the LIMIT above it; left out: none").within(1, 1e15);
  if (has("--column"))
    usage.add("--column", &wish.column, "rows of one column alone: an int (by value) or a text (by reference)")
        .one_of({"int", "text"});
  if (has("--planned-rows"))
    usage
        .add("--planned-rows", &trial.planned_rows,
             fmt::format("{} that the planner expects; left out: the truth", form.bit == kJoin ? "rows" : "groups"))
        .within(1, 1e12);
  if (has("--planned-width"))
    usage.add("--planned-width", &trial.planned_width, "the width that it expects; left out: the truth")
        .within(1, core::kWidestTrialRow);
  if (has("--distinct"))
    usage
        .add("--distinct", &trial.distinct,
             form.bit == kJoin ? "keys that differ; left out: all" : "groups; left out: each row its own")
        .within(1, core::kMostTrialRows);
  if (has("--frequent"))
    usage.add("--frequent", &trial.frequent_percent, "percent of the rows that have one and the same key")
        .within(0, 100);
}

constexpr const char* kNotes =
    "NOTES: No limit of PostgreSQL's is hard. A sort on disk has tape buffers within work_mem, a hash join has 8 kB "
    "for\n"
    "each open batch file beyond it, and rows of one key cannot be divided into batches. Figures of sorts and hash "
    "joins\nare those of real servers (tests/golden/workmem).";

// --- settings ---------------------------------------------------------------------------------------------------

core::Error bad(std::string message) { return {core::ErrorCode::BadArgument, std::move(message)}; }

bool is_setting_of_shmem(std::string_view name) {
  const auto gucs = core::guc_table();
  return std::any_of(gucs.begin(), gucs.end(), [&](const core::GucRow& row) { return row.name == name; });
}

// Of the server or of shared memory, in any version.
core::Status check_name(const Form& form, const std::string& name) {
  const auto ours = core::server_setting_names();
  if (std::find(ours.begin(), ours.end(), name) == ours.end() && !is_setting_of_shmem(name)) {
    std::set<std::string_view> names(form.settings.begin(), form.settings.end());
    if (form.bit == kWorst) {
      names.insert(ours.begin(), ours.end());
      for (const core::GucRow& row : core::guc_table()) names.insert(row.name);
    }
    return bad(fmt::format("--set {}: there is no such setting here{}", name,
                           core::choices_for(name, std::vector<std::string_view>(names.begin(), names.end()))));
  }
  if (form.settings.empty() || std::find(form.settings.begin(), form.settings.end(), name) != form.settings.end())
    return core::Done{};
  return bad(fmt::format("--set {}: {} does not depend on it, only on {}", name, form.noun,
                         fmt::join(form.settings, " and ")));
}

constexpr std::int64_t kMostBase = std::int64_t{1} << 40;

core::Result<WorkmemSettings> settings_from(const Form& form, const WorkmemWish& wish) {
  WorkmemSettings all;
  core::ShmemSettings shared(wish.trial.major);
  for (const std::string& assignment : wish.assignments) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos) return bad(fmt::format("--set {}: write it as NAME=VALUE", assignment));
    std::string name = assignment.substr(0, equals);
    const std::string value = assignment.substr(equals + 1);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    if (const auto known = check_name(form, name); !known) return known.error();
    const auto ours = core::set_server_setting(all.server, name, value);
    if (!ours && ours.error().code != core::ErrorCode::NotFound) return ours.error();
    // max_connections and autovacuum_max_workers decide about shared memory too.
    if (!ours || core::find_guc(name, wish.trial.major) != nullptr)
      if (const auto theirs = shared.set(name, value); !theirs) return theirs.error();
  }
  if (form.bit != kWorst) return all;
  const auto base = core::parse_bytes(wish.base, 1);
  if (!base || *base > kMostBase) return bad(fmt::format("--base \"{}\": it takes 0 to 1TB, as in 6MB", wish.base));
  all.server.base_bytes = static_cast<std::uint64_t>(*base);
  auto map = core::compute_shmem_map(shared);
  if (!map) return map.error();
  all.server.shared_bytes = map->total_bytes;
  all.shared = std::move(*map);
  return all;
}

// --- the answers ------------------------------------------------------------------------------------------------

core::Result<std::string> read_file(const std::string& name) {
  std::ifstream in(name, std::ios::binary);
  if (!in) return core::Error{core::ErrorCode::Io, name + ": cannot be read"};
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

int answer_worst(const WorkmemSettings& settings, const WorkmemWish& wish, Streams io) {
  std::vector<core::PlanOperation> plan = core::common_plan();
  if (!wish.plan_file.empty()) {
    const auto text = read_file(wish.plan_file);
    if (!text) return complain("workmem", text.error(), io);
    auto read = trace::read_explain_plan(*text);
    if (!read) return complain("workmem", fmt::format("{}: {}", wish.plan_file, read.error().message), io);
    plan = std::move(*read);
  }
  write_worst(core::worst_case(settings.server, plan), settings, plan, wish, io.out);
  return kExitGood;
}

// What two options together cannot mean; empty: nothing.
std::string contradiction(const Usage& usage, const Form& form, const WorkmemWish& wish) {
  if (wish.column == "int" && usage.given("--width"))
    return "--width: an int is kept in the slot itself, so it has none; leave it out, or say --column text";
  if ((form.bit & (kJoin | kAggregate)) != 0 && wish.trial.distinct > wish.trial.rows)
    return fmt::format("--distinct {}: it takes 1 to {}, the number of rows", wish.trial.distinct, wish.trial.rows);
  return "";
}

core::TrialSpec spec_of(const Form& form, const WorkmemWish& wish) {
  core::TrialSpec spec = wish.trial;
  spec.kind = form.bit == kSort   ? OperationKind::Sort
              : form.bit == kJoin ? OperationKind::HashJoin
                                  : OperationKind::HashAggregate;
  if (wish.order == "ascending") spec.order = core::RowOrder::Ascending;
  if (wish.order == "descending") spec.order = core::RowOrder::Descending;
  if (!wish.column.empty())
    spec.sort_kind = core::sort_kind_of(1, wish.column == "int", core::find_operation_rules(spec.major)->sort);
  return spec;
}

}  // namespace

int run_workmem(Arguments arguments, Streams io) {
  std::vector<std::string> words(arguments.begin(), arguments.end());
  const auto taken = take_form(words);
  if (!taken) return complain("workmem", taken.error(), io);
  const Form& form = **taken;
  const std::string verb = form.bit == kWorst ? "workmem" : fmt::format("workmem {}", form.word);
  if (const std::string wrong = foreign_option(form, words); !wrong.empty()) return complain(verb, wrong, io);
  WorkmemWish wish;
  wish.what = form.word;
  Usage usage(verb, form.about);
  describe(usage, form, wish);
  usage.footer(fmt::format("Example: {}\n\n{}", form.example, kNotes));
  if (const auto status = usage.parse(words, io)) return *status;
  if (const std::string wrong = contradiction(usage, form, wish); !wrong.empty()) return complain(verb, wrong, io);

  const auto settings = settings_from(form, wish);
  if (!settings) return complain(verb, settings.error(), io);
  if (form.bit == kWorst) return answer_worst(*settings, wish, io);
  wish.trial = spec_of(form, wish);
  wish.trial.settings = settings->server.work;
  const auto trial = [&] {
    Progress progress(verb, io);
    return core::run_trial(wish.trial,
                           [&](const core::TrialProgress& now) { progress.tell(now.doing, now.done, now.of); });
  }();
  if (!trial) return complain(verb, trial.error(), io);
  write_trial(*trial, wish, settings->server.work, io.out);
  return kExitGood;
}

}  // namespace palloscope::gui::cli
