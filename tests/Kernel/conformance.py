"""Jupyter's own test of kernels, told what a C# cell looks like. Started by ConformanceTests with the kernel's name."""
import os
import time
import unittest

import jupyter_kernel_test


class CSharpKernel(jupyter_kernel_test.KernelTests):
    kernel_name = os.environ["KERNEL"]
    language_name = "C#"
    file_extension = ".cs"

    code_hello_world = 'Console.WriteLine("hello, world");'
    code_stderr = 'Console.Error.WriteLine("trouble");'
    code_generate_error = 'throw new InvalidOperationException("on purpose");'
    code_inspect_sample = "Console.WriteLine"
    code_execute_result = [
        {"code": "1 + 2", "result": "3"},
        {"code": "new[] { 6 * 7 }", "result": "[ 42 ]"},
        {"code": 'HTML("<b>bold</b>")', "mime": "text/html", "result": "<b>bold</b>"},
    ]
    code_display_data = [
        {"code": 'display("text");', "mime": "text/plain"},
        {"code": 'display(HTML("<b>bold</b>"));', "mime": "text/html"},
        {"code": '"<svg/>".DisplayAs("image/svg+xml");', "mime": "image/svg+xml"},
    ]
    completion_samples = [{"text": "Console.WriteL", "matches": {"WriteLine"}}, {"text": "Enviro"}]
    complete_code_samples = ["1", "var x = 1;", "int Twice(int x)\n{\n    return 2 * x;\n}"]
    incomplete_code_samples = ["int Twice(int x)\n{", "if (true)\n{", "Console.WriteLine("]
    invalid_code_samples = ["var = ;", "int 5 = x;"]
    code_history_pattern = "1 ? 2*"
    supported_history_operations = ("tail", "range", "search")

    def history_helper(self, *cells, **asked):
        reply = super().history_helper(*cells, **asked)
        time.sleep(0.5)  # the request's "idle" follows its answer, on a busy machine by more than the next one waits for it
        return reply


if __name__ == "__main__":
    unittest.main(verbosity=2)
