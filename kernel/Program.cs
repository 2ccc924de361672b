Console.Error.WriteLine("usage: Madtp.Kit.Kernel CONNECTION_FILE");
return 2;
