// Finds the dumps of pg_log_backend_memory_contexts among the messages of a server's log, whatever the log's format:
// it is given one message after the other and puts those of one backend together, also where several backends' dumps
// lie between each other line by line.
//
// Whose a message is: the format says the PID (csvlog, jsonlog), or the PID that the dump's first line announces is
// looked for in the prefix, at the place where it stood in first lines so far (counted in numbers from either end of
// the prefix: a date or an address may hold the same number elsewhere). With no PID in the prefix, prefixes that are
// alike but for their digits belong together.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trace/importers/dump.h"

namespace palloscope::trace {

struct LogMessage {
  std::string_view text;             // the message itself
  std::string_view prefix;           // plain logs: all that stands before it
  std::string_view time;             // as the log has it; may be empty
  std::optional<std::uint32_t> pid;  // where the format says it
  std::uint64_t line_number = 0;
};

// The prefix with every number as one '#': lines of one backend are alike in this.
std::string shape_of(std::string_view prefix);

// "level: ", "Grand total: ..." or the English first line of a dump.
bool is_dump_message(std::string_view text);

class LogDumps {
 public:
  using Consumer = std::function<void(Dump)>;
  explicit LogDumps(Consumer consumer) : consumer_(std::move(consumer)) {}

  // Whether the message belonged to a dump.
  bool take(const LogMessage& message);
  // The log is at its end: dumps still open are cut.
  void finish();

  // Of the dumps delivered so far.
  DumpFacts facts() const;

 private:
  struct Session {
    DumpBuilder builder{DumpForm::Log};
    std::uint32_t pid = 0;
    bool pid_in_prefix = false;
    std::string prefix_shape;
    int base = -1;  // level of the top context; -1: no context yet
    std::uint64_t last_line = 0;
  };
  struct FirstLine {  // of a message that may announce a dump in another language
    std::uint32_t pid = 0;
    std::string text;
  };

  bool take_context(std::string_view body, const LogMessage& message);
  Session& open(std::uint32_t pid, const LogMessage& message, std::string first_line);
  Session& open_unannounced(const LogMessage& message);
  Session* find(const LogMessage& message);
  void close(Session& session, bool complete);
  void remember(const LogMessage& message);

  Consumer consumer_;
  std::vector<Session> sessions_;
  std::deque<FirstLine> first_lines_;
  // Where the PID stands among the numbers of a prefix, as far as first lines have told.
  std::vector<std::size_t> places_from_left_, places_from_right_;
  bool saw_base_[2] = {};  // TopMemoryContext at level 0 (up to 17), at level 1 (18)
  bool saw_bump_ = false;
  std::uint64_t delivered_ = 0;
};

}  // namespace palloscope::trace
