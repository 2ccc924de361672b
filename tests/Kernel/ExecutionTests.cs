using System.Text.Json.Nodes;
using Xunit;

namespace Madtp.Kit.Tests.Kernel;

[Collection(KernelCollection.Name)]
public class ExecutionTests(SharedKernel kernel)
{
    [Fact]
    public void A_cell_sees_the_variables_types_and_functions_of_the_cells_before()
    {
        kernel.Client.Succeed("var side = 3; record Square(int Side) { public int Area => Side * Side; } int Twice(int x) => 2 * x;");
        Assert.Equal("18", kernel.Client.Succeed("Twice(new Square(side).Area)").Text);
    }

    [Fact]
    public void A_variable_can_be_declared_again_with_another_type()
    {
        kernel.Client.Succeed("var again = 1;");
        kernel.Client.Succeed("var again = \"text\";");
        Assert.Equal("4", kernel.Client.Succeed("again.Length").Text);
    }

    [Theory]
    [InlineData("var before = 1; before + 1", "2")]
    [InlineData("// a comment\n40 + 2 // and another", "42")]
    [InlineData("(string)null", "<null>")]
    [InlineData("await Task.FromResult(7)", "7")]
    [InlineData("return 9;", "9")]
    public void The_value_of_the_last_expression_is_shown(string code, string expected) => Assert.Equal(expected, kernel.Client.Succeed(code).Text);

    [Theory]
    [InlineData("Math.Max(1, 2);")]
    [InlineData("int unused = 1;")]
    [InlineData("Console.Write(\"\")")]
    [InlineData("await Task.Delay(1)")]
    [InlineData("display(5)")]
    [InlineData("")]
    [InlineData("// only a comment")]
    public void Without_a_last_expression_that_has_a_value_nothing_is_shown(string code) => Assert.Null(kernel.Client.Succeed(code).Result);

    [Fact]
    public void A_cell_of_usings_alone_serves_later_cells()
    {
        kernel.Client.Succeed("using System.Globalization;");
        Assert.Equal("1.5", kernel.Client.Succeed("1.5.ToString(CultureInfo.InvariantCulture)").Text);
    }

    [Fact]
    public void Any_assembly_of_the_runtime_can_be_used_without_naming_it()
    {
        Assert.Equal("<a />", kernel.Client.Succeed("System.Xml.Linq.XElement.Parse(\"<a/>\")").Text);
        Assert.Equal("0.00:01:40", "0." + kernel.Client.Succeed("new System.Net.Http.HttpClient().Timeout").Text);
        Assert.Equal("2", kernel.Client.Succeed("display(1); new[] { 1, 2 }.Max()").Text);
    }

    [Fact]
    public void What_a_failed_cell_did_before_it_failed_remains()
    {
        Assert.Equal("error", kernel.Client.Run("var kept = 11; throw new Exception(\"no\"); var never = 1;").Status);
        Assert.Equal("11", kernel.Client.Succeed("kept").Text);
    }

    [Fact]
    public void Cells_are_counted()
    {
        var first = kernel.Client.Succeed("1").Count;
        var second = kernel.Client.Succeed("2");
        Assert.Equal(first + 1, second.Count);
        Assert.Equal(first + 1, (int?)second.Of("execute_input").Single().Content["execution_count"]);
        Assert.Equal(first + 1, (int?)second.Of("execute_result").Single().Content["execution_count"]);
    }

    [Fact]
    public void A_silent_cell_runs_but_shows_nothing_and_is_not_counted()
    {
        var before = kernel.Client.Succeed("0").Count;
        var silent = kernel.Client.Run("var whispered = 5; Console.WriteLine(\"psst\"); display(1); whispered", silent: true);
        Assert.Equal("ok", silent.Status);
        Assert.All(silent.Broadcasts, each => Assert.Equal("status", each.Type));
        var after = kernel.Client.Succeed("whispered");
        Assert.Equal((before + 1, "5"), (after.Count, after.Text));
    }

    [Fact]
    public void A_cell_that_is_not_stored_is_neither_counted_nor_remembered()
    {
        var before = kernel.Client.Succeed("0").Count;
        Assert.Equal("1", kernel.Client.Run("/*unstored*/ 1", store: false).Text);
        Assert.Equal(before + 1, kernel.Client.Succeed("0").Count);
        var history = kernel.Client.Ask("history_request", new JsonObject { ["hist_access_type"] = "tail", ["n"] = 5, ["output"] = false, ["raw"] = true });
        Assert.DoesNotContain("unstored", history["history"]!.ToJsonString());
        Assert.Contains("\"0\"", history["history"]!.ToJsonString());
    }

    [Fact]
    public void After_a_failure_the_cells_that_wait_are_not_run()
    {
        kernel.Client.Succeed("var ran = false;");
        var failing = kernel.Client.SendCell("throw new Exception(\"stop\");");
        var waiting = kernel.Client.SendCell("ran = true;");
        kernel.Client.Finish(failing);
        Assert.Equal("aborted", (string?)kernel.Client.Reply(kernel.Client.Shell, waiting).Content["status"]);
        Assert.Equal("False", kernel.Client.Succeed("ran").Text);
    }

    [Fact]
    public void Unless_the_front_end_says_to_go_on()
    {
        kernel.Client.Succeed("var wentOn = false;");
        var failing = kernel.Client.SendCell("throw new Exception(\"stop\");", stopOnError: false);
        var waiting = kernel.Client.SendCell("wentOn = true;");
        kernel.Client.Finish(failing);
        Assert.Equal("ok", kernel.Client.Finish(waiting).Status);
        Assert.Equal("True", kernel.Client.Succeed("wentOn").Text);
    }

    [Fact]
    public void User_expressions_are_evaluated_after_the_cell()
    {
        var result = kernel.Client.Run("var asked = 21;", expressions: new JsonObject { ["good"] = "asked * 2", ["bad"] = "asked.Nothing" });
        var answers = result.Reply.Content["user_expressions"]!;
        Assert.Equal("42", (string?)answers["good"]!["data"]!["text/plain"]);
        Assert.Equal("error", (string?)answers["bad"]!["status"]);
    }

    [Fact]
    public void Code_may_be_unsafe_and_recurse_deep()
    {
        Assert.Equal("3", kernel.Client.Succeed("unsafe int Third(int[] xs) { fixed (int* p = xs) { return p[2]; } }\nThird([1, 2, 3])").Text);
        Assert.Equal("50000", kernel.Client.Succeed("int Depth(int n) => n == 0 ? 0 : 1 + Depth(n - 1);\nDepth(50_000)").Text);
    }

    [Fact]
    public void Native_libraries_see_idle_threads_told_to_sleep() =>
        Assert.Equal("PASSIVE", kernel.Client.Succeed("""
            [System.Runtime.InteropServices.DllImport("libc")] static extern IntPtr getenv(string name);
            System.Runtime.InteropServices.Marshal.PtrToStringUTF8(getenv("OMP_WAIT_POLICY"))
            """).Text);
}
