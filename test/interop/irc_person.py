"""Somebody on IRC, for the scenes beside this file."""

import asyncio

from actor import PATIENCE


class IrcPerson:
    """A client for IRC (RFC 2812) as far as it is needed here."""

    def __init__(self, nick):
        self.nick = nick

    async def enters(self, address, port):
        self.reader, self.writer = await asyncio.open_connection(address, port)
        self.says(f'NICK {self.nick}')
        self.says(f'USER {self.nick} 0 * :{self.nick}')
        await self.hears(' 001 ')

    def says(self, line):
        self.writer.write(f'{line}\r\n'.encode())

    async def hears(self, words):
        """The next line with these words, passing over others."""
        passed = []
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    line = (await self.reader.readline()).decode().rstrip()
                    assert line, f'hung up after {passed}'
                    if line.startswith('PING '):
                        self.says(line.replace('PING', 'PONG', 1))
                    elif words in line:
                        return line
                    passed.append(line)
        except TimeoutError:
            raise AssertionError(f'waited for {words!r}, and heard {passed}') from None
