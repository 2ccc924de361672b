using Xunit;

namespace Madtp.Kit.Tests.Kernel;

[Collection(KernelCollection.Name)]
public class ErrorTests(SharedKernel kernel)
{
    [Fact]
    public void A_compilation_error_names_its_line_and_shows_it()
    {
        var result = kernel.Client.Run("var fine = 1;\n\nvar broken = fine + missing;");
        Assert.Equal(("error", "CompilationError"), (result.Status, result.ErrorName));
        Assert.StartsWith("(3,21): error CS0103:", result.ErrorMessage);
        Assert.Contains($"cell {result.Count}, line 3, column 21: error CS0103", result.Trace);
        Assert.Contains("var broken = fine + missing;", result.Trace);
        Assert.Contains("\n                            ^^^^^^^", result.Trace);
        var error = result.Of("error").Single().Content;
        Assert.Equal((result.ErrorName, result.ErrorMessage), ((string?)error["ename"], (string?)error["evalue"]));
    }

    [Fact]
    public void A_cell_that_does_not_compile_does_not_run_at_all() =>
        Assert.Equal("", kernel.Client.Run("Console.WriteLine(\"ran\");\nint x = \"text\";").Stdout);

    [Fact]
    public void An_exception_names_the_lines_of_the_cells_it_went_through()
    {
        var first = kernel.Client.Succeed("int Divide(int a, int b)\n{\n    return a / b;\n}");
        var result = kernel.Client.Run("var ok = 1;\n\nDivide(ok, 0);");
        Assert.Equal(("System.DivideByZeroException", "Attempted to divide by zero."), (result.ErrorName, result.ErrorMessage));
        Assert.Contains($"at cell {first.Count}, line 3, in Divide()", result.Trace);
        Assert.Contains("return a / b;", result.Trace);
        Assert.Contains($"at cell {result.Count}, line 3", result.Trace);
        Assert.DoesNotContain("Madtp.Kit.Kernel", result.Trace);
        Assert.DoesNotContain("Submission#", result.Trace);
    }

    [Fact]
    public void So_does_one_from_asynchronous_code_and_from_inside_others()
    {
        var result = kernel.Client.Run("""
            class Mine : Exception { public Mine(string m, Exception inner) : base(m, inner) { } }
            async Task Fail()
            {
                await Task.Yield();
                try { int.Parse("x"); }
                catch (Exception e) { throw new Mine("wrapped", e); }
            }
            await Task.WhenAll(Fail());
            """);
        Assert.Equal(("Mine", "wrapped"), (result.ErrorName, result.ErrorMessage));
        Assert.Contains($"at cell {result.Count}, line 6, in Fail()", result.Trace);
        Assert.Contains("caused by System.FormatException", result.Trace);
        Assert.Contains($"at cell {result.Count}, line 8", result.Trace);
    }

    [Fact]
    public void Of_several_exceptions_at_once_each_is_shown()
    {
        var result = kernel.Client.Run("""
            throw new AggregateException(
                new InvalidOperationException("first"),
                new AggregateException(new FormatException("second"), new ArgumentException("third")));
            """);
        Assert.Contains("caused by System.InvalidOperationException: first", result.Trace);
        Assert.Contains("caused by System.FormatException: second", result.Trace);
        Assert.Contains("caused by System.ArgumentException: third", result.Trace);
    }

    [Fact]
    public void Bodies_that_are_expressions_keep_the_lines_of_what_follows()
    {
        var result = kernel.Client.Run("""
            int One() => 1;
            int Two()
                =>
                One() + 1;
            static class Three
            {
                public static int Of(int x) =>
                    x + 2; // two more
            }
            var xs = new[] { 1 }.Select(x =>
                x + 1).ToList();
            int.Parse("x");
            """);
        Assert.Contains($"at cell {result.Count}, line 12\n", result.Trace);
    }

    // Front ends run code unseen between cells, which must not take the place of a cell's own.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Unseen_code_leaves_the_lines_of_the_cells_as_they_are(bool silent)
    {
        var first = kernel.Client.Succeed("int Half(int a)\n{\n    return a / 0.GetHashCode();\n}");
        kernel.Client.Run("var a1 = 1;\nvar a2 = 2;\nvar a3 = 3;", silent: silent, store: false);
        var next = kernel.Client.Succeed("int Third(int a)\n{\n    return a % 0.GetHashCode();\n}");
        kernel.Client.Run("var a1 = 1;\nvar a2 = 2;\nvar a3 = 3;", silent: silent, store: false);
        var trace = kernel.Client.Run("Half(1)").Trace;
        Assert.Contains($"at cell {first.Count}, line 3, in Half()", trace);
        Assert.Contains("return a / 0.GetHashCode();", trace);
        Assert.Equal(first.Count + 1, next.Count);
        Assert.Contains("return a % 0.GetHashCode();", kernel.Client.Run("Third(1)").Trace);
    }

    [Theory]
    [InlineData("System.Runtime.InteropServices.Marshal.ReadInt32(IntPtr.Zero);", "System.AccessViolationException")]
    [InlineData("[System.Runtime.InteropServices.DllImport(\"no_such_library\")] static extern int nothing();\nnothing();", "System.DllNotFoundException")]
    [InlineData("[System.Runtime.InteropServices.DllImport(\"libc\")] static extern int no_such_function();\nno_such_function();", "System.EntryPointNotFoundException")]
    public void An_error_in_native_code_fails_the_cell_not_the_kernel(string code, string name)
    {
        Assert.Equal(name, kernel.Client.Run(code).ErrorName);
        Assert.Equal("2", kernel.Client.Succeed("1 + 1").Text);
    }

    [Fact]
    public void An_exception_on_a_background_thread_is_told_and_survived()
    {
        var result = kernel.Client.Succeed("""
            new System.Threading.Thread(() => throw new InvalidOperationException("lost thread")).Start();
            async void Forgotten() { await Task.Yield(); throw new Exception("lost task"); }
            Forgotten();
            System.Threading.Thread.Sleep(500);
            """);
        Assert.Contains("lost thread", result.Stderr);
        Assert.Contains("lost task", result.Stderr);
        Assert.Equal("2", kernel.Client.Succeed("1 + 1").Text);
    }

    [Theory]
    [InlineData("#!nonsense", "#!nonsense")]
    [InlineData("var a = 1;\n#r \"absent.dll\"", "absent.dll")]
    [InlineData("#load \"absent.cs\"", "absent.cs")]
    [InlineData("#r \"nuget: two words, 1\"", "not understood")]
    public void A_directive_that_cannot_be_honoured_says_so_at_its_line(string code, string expected)
    {
        var result = kernel.Client.Run(code);
        Assert.Equal("DirectiveError", result.ErrorName);
        Assert.Contains(expected, result.ErrorMessage);
        Assert.Contains($"cell {result.Count}, line {code.Split('\n').Length}", result.Trace);
    }
}
