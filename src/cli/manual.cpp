// shrike manual: the manual page shrike(1), in the roff macros of man(7).
#include <cstdio>

#include "cli/arguments.h"
#include "cli/command_help.h"
#include "cli/exit_code.h"

namespace shrike {

namespace {

constexpr const char* kIntroduction = R"(.SH NAME
shrike \- find objects in pictures with YOLO models
.SH SYNOPSIS
.B shrike
.I COMMAND
.RI [ OPTIONS ]
.RI [ WORDS ]
.SH DESCRIPTION
Shrike runs object detectors of the YOLO family on the processor: ONNX exports and Darknet files.
It gives the boxes that the programs they came from give, and writes ONNX that other programs run.
.PP
Results go to standard output, everything else to standard error.
.PP
.BR "\-\-max\-det 5" ,
.B \-\-max\-det=5
and
.B max_det=5
mean the same.
Behind
.B \-\-
every word is a file name.
)";

constexpr const char* kEnvironment = R"(.SH ENVIRONMENT
.TP
.BR XDG_CACHE_HOME ", " HOME
Where the models that
.B shrike pull
fetches are kept; see FILES.
.TP
.B NO_COLOR
Set to anything but nothing, it keeps colours from terminals.
.TP
.B SHRIKE_CPU
.B plain
hides the processor's instruction set extensions from Shrike,
.B avx2
those past AVX2: for reports from machines that misbehave. Any other value is said and ignored.
.SH FILES
.TP
.I $XDG_CACHE_HOME/shrike
Fetched models;
.I ~/.cache/shrike
where
.B XDG_CACHE_HOME
is not set.
)";

constexpr const char* kExamples = R"(.SH EXAMPLES
The boxes in a picture, with the default model, which is fetched at the first call:
.PP
.RS 4
.EX
shrike detect street.jpg
.EE
.RE
.PP
Boxes of two classes in all pictures of a folder, as one JSON object a line, and drawn:
.PP
.RS 4
.EX
shrike detect holiday/ \-\-model yolo11n.onnx \-\-classes dog,cat \-\-json \-\-save out
.EE
.RE
.PP
A Darknet model as ONNX, at another size:
.PP
.RS 4
.EX
shrike convert yolov3\-tiny.cfg yolov3\-tiny.onnx \-\-imgsz 320
.EE
.RE
.PP
Which layers take the time:
.PP
.RS 4
.EX
shrike bench \-\-model yolo11n.onnx \-\-layers
.EE
.RE
.SH SEE ALSO
The library's interface:
.IR shrike/shrike.h .
)";

// Plain text in roff: hyphens that can be copied, no line that looks like a request.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (result.empty() && (c == '.' || c == '\'')) result += "\\&";
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else {
      result += c;
    }
  }
  return result;
}

std::string bold(const std::string& text) { return "\\fB" + escaped(text) + "\\fP"; }
std::string italic(const std::string& text) { return "\\fI" + escaped(text) + "\\fP"; }

std::string sentence(const std::string& text) {
  const bool ends = text.empty() || text.back() == '.' || text.back() == '?';
  return escaped(text) + (ends ? "\n" : ".\n");
}

std::string option_text(const OptionHelp& option) {
  std::string text = ".TP\n" + bold("--" + option.name);
  if (option.takes_value()) text += " " + italic(option.value);
  text += "\n" + sentence(option.about);
  if (!option.most.empty())
    text += "From " + escaped(option.least) + " to " + escaped(option.most) + ".\n";
  if (!option.initial.empty()) text += "Default: " + escaped(option.initial) + ".\n";
  if (option.required) text += "Required.\n";
  return text;
}

std::string command_text(const CommandHelp& command) {
  std::string text = ".SS \"shrike " + escaped(command.name);
  for (const OptionHelp& word : command.words) text += " [" + escaped(word.name) + " ...]";
  text += "\"\n" + sentence(command.about);
  for (const OptionHelp& word : command.words)
    text += ".TP\n" + italic(word.name) + "\n" + sentence(word.about);
  for (const OptionHelp& option : command.options) text += option_text(option);
  return text;
}

std::string exit_codes_text() {
  std::string text = ".SH EXIT STATUS\n";
  const auto row = [&](const std::string& code, const std::string& meaning) {
    text += ".TP\n.B " + code + "\n" + sentence(meaning);
  };
  for (const ExitCodeRow& known : kExitCodes) row(std::to_string(known.code), known.meaning);
  row("130, 143, 129",
      "Interrupted by SIGINT (Ctrl-C), by SIGTERM, by SIGHUP: the picture at hand was finished "
      "first.");
  return text;
}

// Without a date: the same program gives the same page.
std::string manual_page() {
  std::string text = ".TH SHRIKE 1 \"\" \"Shrike " SHRIKE_VERSION "\" \"User Commands\"\n";
  text += kIntroduction;
  text += ".SH COMMANDS\n";
  for (const CommandHelp& command : describe_commands()) text += command_text(command);
  return text + exit_codes_text() + kEnvironment + kExamples;
}

}  // namespace

Result<int> manual_command(const Words& words) {
  CLI::App app("Prints the manual page: shrike manual | man -l -", "shrike manual");
  SHRIKE_ASSIGN(const Arguments arguments, parse_arguments(app, words));
  if (arguments.help) return kExitOk;
  if (!arguments.words.empty())
    return usage_error("manual takes no words: " + arguments.words.front());
  std::fputs(manual_page().c_str(), stdout);
  return kExitOk;
}

}  // namespace shrike
