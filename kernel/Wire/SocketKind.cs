namespace Madtp.Kit.Kernel.Wire;

/// <summary>The kinds of socket the Jupyter protocol uses, by libzmq's numbers.</summary>
internal enum SocketKind
{
    Publish = 1,
    Subscribe = 2,
    Request = 3,
    Reply = 4,
    Dealer = 5,
    Router = 6,
}
