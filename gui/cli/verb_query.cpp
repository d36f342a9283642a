// palloscope query FILE "SQL": questions to a trace, answered as a table, as CSV or as JSON.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "gui/cli/arguments.h"
#include "gui/cli/progress.h"
#include "gui/cli/scenario_text.h"
#include "gui/cli/source_file.h"
#include "trace/exporters/csv_field.h"
#include "trace/exporters/printable.h"
#include "trace/sql/database.h"

namespace palloscope::gui::cli {
namespace {

using namespace trace::sql;

constexpr std::size_t kRowsMeasured = 2000;  // a table's columns are as wide as its first rows need
constexpr std::size_t kWidest = 80;          // signs; longer texts stick out

bool is_number(const Value& value) {
  return std::holds_alternative<std::int64_t>(value) || std::holds_alternative<double>(value);
}

std::size_t signs(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

class Writer {
 public:
  explicit Writer(std::ostream& out) : out_(out) {}
  virtual ~Writer() = default;
  virtual void columns(std::vector<AnswerColumn> columns) { columns_ = std::move(columns); }
  virtual void row(std::span<const Value> values) = 0;
  virtual void end() {}

 protected:
  std::ostream& out_;
  std::vector<AnswerColumn> columns_;
};

// Columns side by side: numbers at the right, texts at the left.
class TableWriter final : public Writer {
 public:
  using Writer::Writer;
  void row(std::span<const Value> values) override {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < values.size(); ++i)
      texts.push_back(trace::printable(shown(values[i], columns_[i].kind)));
    if (numbers_.empty()) numbers_.assign(values.size(), true);
    for (std::size_t i = 0; i < values.size(); ++i)
      numbers_[i] = numbers_[i] && (is_number(values[i]) || std::holds_alternative<std::monostate>(values[i]));
    if (written_) return write(texts);
    kept_.push_back(std::move(texts));
    if (kept_.size() == kRowsMeasured) write_kept();
  }
  void end() override {
    if (!written_) write_kept();
  }

 private:
  void write_kept() {
    written_ = true;
    numbers_.resize(columns_.size(), false);
    widths_.resize(columns_.size());
    std::vector<std::string> head;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      head.push_back(trace::printable(columns_[i].name));
      widths_[i] = signs(head[i]);
      for (const auto& row : kept_) widths_[i] = std::max(widths_[i], std::min(kWidest, signs(row[i])));
    }
    write(head);
    std::string rule;
    for (const std::size_t width : widths_) rule += (rule.empty() ? "" : "  ") + std::string(width, '-');
    out_ << rule << '\n';
    for (const auto& row : kept_) write(row);
    kept_.clear();
  }
  void write(const std::vector<std::string>& texts) {
    std::string line;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const std::size_t width = signs(texts[i]);
      const std::string room(widths_[i] > width ? widths_[i] - width : 0, ' ');
      line += (i == 0 ? "" : "  ") + (numbers_[i] ? room + texts[i] : texts[i] + room);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out_ << line << '\n';
  }

  std::vector<std::vector<std::string>> kept_;
  std::vector<std::size_t> widths_;
  std::vector<bool> numbers_;
  bool written_ = false;
};

class CsvWriter final : public Writer {
 public:
  using Writer::Writer;
  void columns(std::vector<AnswerColumn> columns) override {
    Writer::columns(std::move(columns));
    for (std::size_t i = 0; i < columns_.size(); ++i) out_ << (i == 0 ? "" : ",") << trace::csv_field(columns_[i].name);
    out_ << '\n';
  }
  void row(std::span<const Value> values) override {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i != 0) out_ << ',';
      if (!std::holds_alternative<std::monostate>(values[i]))
        out_ << trace::csv_field(shown(values[i], columns_[i].kind));
    }
    out_ << '\n';
  }
};

// An array of objects, one a line.
class JsonWriter final : public Writer {
 public:
  using Writer::Writer;
  void row(std::span<const Value> values) override {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
    for (std::size_t i = 0; i < values.size(); ++i) {
      auto& into = object[columns_[i].name];
      if (std::holds_alternative<std::monostate>(values[i])) continue;
      if (const auto* number = std::get_if<double>(&values[i]))
        into = *number;
      else if (const auto* whole = std::get_if<std::int64_t>(&values[i]);
               whole != nullptr && columns_[i].kind != ColumnKind::Address)
        into = *whole;
      else
        into = trace::printable(shown(values[i], columns_[i].kind));
    }
    out_ << (first_ ? "[\n" : ",\n") << object.dump();
    first_ = false;
  }
  void end() override { out_ << (first_ ? "[]\n" : "\n]\n"); }

 private:
  bool first_ = true;
};

std::unique_ptr<Writer> make_writer(const std::string& format, std::ostream& out) {
  if (format == "csv") return std::make_unique<CsvWriter>(out);
  if (format == "json") return std::make_unique<JsonWriter>(out);
  return std::make_unique<TableWriter>(out);
}

void write_tables(std::ostream& out, const Database& database) {
  constexpr std::string_view kKinds[] = {"number", "event", "address", "text"};
  for (const auto& table : database.tables()) {
    out << fmt::format("{}: {}\n", table->name(), table->meaning());
    for (const Column& column : table->columns())
      out << fmt::format("  {:<18}{:<9}{}{}\n", column.name, kKinds[static_cast<std::size_t>(column.kind)],
                         column.hidden ? "(hidden) " : "", column.meaning);
    out << '\n';
  }
}

int list_tables(const std::string& file, Streams io) {
  std::optional<trace::Timeline> timeline;
  if (file.empty())
    timeline = trace::Timeline::recording({.title = {}, .origin = {}});
  else
    timeline = open_source_or_scenario("query", file, io);
  if (!timeline) return kExitBad;
  write_tables(io.out, Database(*timeline));
  return kExitGood;
}

int answer(const trace::Timeline& timeline, std::string_view question, core::EventNumber at, const std::string& format,
           std::uint64_t memory_mb, Streams io) {
  Limits limits;
  limits.span_bytes = static_cast<std::size_t>(memory_mb) << 20;
  Database database(timeline, limits);
  Progress progress("query", io);
  const std::unique_ptr<Writer> writer = make_writer(format, io.out);
  std::uint64_t rows = 0;
  const auto mistake = database.ask(question, at,
                                    {[&](std::vector<AnswerColumn> columns) { writer->columns(std::move(columns)); },
                                     [&](std::span<const Value> row) {
                                       ++rows;
                                       writer->row(row);
                                       return bool(io.out);
                                     },
                                     [&](std::string_view doing, double share) {
                                       progress.tell(doing, share);
                                       return true;
                                     }});
  if (!mistake) writer->end();
  if (!mistake) return rows == 0 ? kExitNo : kExitGood;
  const std::string place = point_at(question, *mistake);
  io.err << "palloscope query: " << mistake->message << '\n' << place << (place.empty() ? "" : "\n");
  return kExitBad;
}

}  // namespace

int run_query(Arguments arguments, Streams io) {
  Usage usage("query",
              "Answers a question to a trace in SQL (SQLite's), with tables of events, of the life spans of contexts, "
              "blocks and chunks, and of the state at one moment. Exit status 1: there are no rows.");
  std::string file, question, format = "text";
  std::optional<core::EventNumber> at;
  std::uint64_t memory_mb = Limits().span_bytes >> 20;
  bool tables = false;
  usage.add("FILE", &file, "a trace, a server's dump, or a scenario (a file, a name or a number)");
  usage.add("SQL", &question, "one select; -: read from standard input");
  usage.add("--at", &at, "the moment of the tables that show one: after this event; left out: at the end").takes("N");
  usage.add("--format", &format, "how the rows are written").one_of({"text", "csv", "json"}).shows_default();
  usage.add("--memory", &memory_mb, "MB that the life spans of chunks may take").takes("MB").shows_default();
  usage.add("--tables", &tables, "lists the tables and their columns with their meanings");
  usage.footer(
      "Examples:\n"
      "  palloscope query 3 \"select kind, count(*) from events group by kind order by 2 desc\"\n"
      "  palloscope query t.pscope \"select path, peak_bytes, peak_event from contexts order by peak_bytes desc limit "
      "10\"\n"
      "  palloscope query t.pscope \"select line, count(*), sum(requested) from chunks where ended is null group by "
      "line\"\n"
      "  palloscope query t.pscope \"select * from pg_backend_memory_contexts((select peak_event from trace))\"");
  if (const auto status = usage.parse(arguments, io)) return *status;
  if (tables) return list_tables(file, io);
  if (file.empty() || question.empty())
    return complain("query", "a FILE and a question are needed; palloscope query --tables lists what can be asked for",
                    io);
  if (question == "-") question.assign(std::istreambuf_iterator<char>(std::cin), {});
  const auto timeline = open_source_or_scenario("query", file, io);
  if (!timeline) return kExitBad;
  if (at && *at > timeline->size())
    return complain("query", fmt::format("{}: there is no event {}; the last is {}", file, *at, timeline->size()), io);
  return answer(*timeline, question, at.value_or(timeline->size()), format, memory_mb, io);
}

}  // namespace palloscope::gui::cli
