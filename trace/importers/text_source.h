// A text file, line by line, without holding it: a server's log may be larger than memory. Bytes are handed on as they
// are; nothing is assumed of their encoding.
#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace palloscope::trace {

// Told how much of the work is done (0..1); false stops it.
using Progress = std::function<bool(double done)>;

class TextSource {
 public:
  // No line of a server's log is nearly as long; what is behind it is left out and counted.
  static constexpr std::size_t kLongestLine = std::size_t{16} << 20;

  // `bytes`: the stream's length, for progress; 0: not known.
  TextSource(std::istream& in, std::uint64_t bytes, Progress progress);

  // The next line without its newline and without a carriage return before it; valid until the next call. False at
  // the end, and once the work was stopped.
  bool next_line(std::string_view& line);
  // The same, with a carriage return left where it is (inside quotes it belongs to the text).
  bool next_raw_line(std::string_view& line);

  // Of the line last handed out, from 1.
  std::uint64_t line_number() const {
    return line_number_ == 0 || line_number_ > counted_as_.size() ? line_number_ : counted_as_[line_number_ - 1];
  }
  // Of a text that was made of another one: the other's line numbers.
  void count_lines_as(std::vector<std::uint64_t> numbers) { counted_as_ = std::move(numbers); }
  std::uint64_t cut_lines() const { return cut_lines_; }  // lines longer than kLongestLine so far
  bool stopped() const { return stopped_; }
  void rewind();

 private:
  bool refill();

  std::istream& in_;
  std::uint64_t bytes_;
  Progress progress_;
  std::string buffer_;     // bytes [begin_, end_) are read and not yet handed out
  std::size_t begin_ = 0;  //
  std::size_t end_ = 0;
  std::uint64_t read_bytes_ = 0;
  std::uint64_t line_number_ = 0;
  std::vector<std::uint64_t> counted_as_;
  std::uint64_t cut_lines_ = 0;
  bool stopped_ = false;
};

}  // namespace palloscope::trace
