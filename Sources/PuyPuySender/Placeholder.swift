internal import PuyPuyCore
